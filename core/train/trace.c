#include "trace.h"

#include "core/formats/safetensors.h"
#include "core/system/file.h"
#include "learning_rate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum when { BEFORE_STEP, AFTER_STEP, LOSS }; /* when it is read; the loss comes from the log */
enum { NAME = 2 * ISO_NAME };
struct source { /* a tensor that is traced at each step */
    char name[NAME];
    enum when when;
    enum iso_dtype dtype;
    bool batched;
    struct iso_shape shape;
};
struct item {
    char name[NAME + 24];
    int source;
    int64_t step;
}; /* one tensor of the file */

struct trace {
    struct iso_exec *exec;
    struct iso_batches *batches;
    int64_t steps;
    struct source *sources;
    int nsources;
    struct item *items;
    int nitems;                    /* sorted by name */
    int *position;                 /* [steps + 1, nsources]: index of the item */
    struct iso_st_tensor *tensors; /* [nitems] */
    float *values;                 /* room for the largest tensor */
    uint8_t *bytes;
    double *log; /* one step's log row */
};

/* ---- The traced tensors -------------------------------------------------------------------- */

/* Adds a tensor of the executor, when it has one of that name. */
static void add(struct trace *t, enum when when, bool batched, const char *prefix, const char *name,
                const char *suffix)
{
    struct source *s = &t->sources[t->nsources];
    struct iso_tensor tensor;
    snprintf(s->name, sizeof s->name, "%s%s%s", prefix, name, suffix);
    if (!iso_exec_tensor(t->exec, s->name, &tensor))
        return;
    s->when = when;
    s->batched = batched;
    s->dtype = tensor.dtype;
    s->shape = tensor.shape;
    t->nsources++;
}

static void add_value(struct trace *t, const struct iso_value *v)
{
    static const char *const batch[] = { "input", "target", "sample_weight" }; /* augmented */
    bool result = v->role == ISO_ROLE_VALUE && iso_ends_in(v->name, "/y"), given = false;
    for (size_t i = 0; i < sizeof batch / sizeof *batch; i++)
        given = given || strcmp(v->name, batch[i]) == 0;
    if (v->role == ISO_ROLE_INPUT || v->role == ISO_ROLE_TARGET || result || given ||
        (v->role == ISO_ROLE_SAVED && iso_ends_in(v->name, "/mask")))
        add(t, AFTER_STEP, v->batched, "", v->name, "");
    if (result || v->role == ISO_ROLE_WEIGHT)
        add(t, AFTER_STEP, v->batched, "d/", v->name, "");
    if (v->role != ISO_ROLE_WEIGHT)
        return;
    add(t, BEFORE_STEP, false, "", v->name, "");
    for (int i = 0; i < iso_exec_nslots(t->exec); i++) {
        char slot[ISO_NAME];
        snprintf(slot, sizeof slot, "/%s", iso_exec_slot(t->exec, i));
        add(t, BEFORE_STEP, false, "", v->name, slot);
    }
}

static iso_rc find_sources(struct trace *t)
{
    const struct iso_graph *graph = iso_exec_graph(t->exec);
    size_t most = (size_t)graph->nvalues * (size_t)(2 + iso_exec_nslots(t->exec)) + 3;
    t->sources = iso_alloc(most, sizeof *t->sources);
    if (t->sources == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < graph->nvalues; i++)
        add_value(t, &graph->values[i]);
    add(t, AFTER_STEP, true, "d/", graph->model->layers[graph->model->nlayers - 1].name, "/logits");
    t->sources[t->nsources++] = (struct source){ .name = "loss", .when = LOSS };
    return ISO_OK;
}

/* ---- The file's tensors -------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct item *)a)->name, ((const struct item *)b)->name);
}

static iso_rc make_items(struct trace *t)
{
    size_t most = (size_t)t->nsources * (size_t)(t->steps + 1);
    t->items = iso_alloc(most, sizeof *t->items);
    t->position = iso_alloc(most, sizeof *t->position);
    if (t->items == NULL || t->position == NULL)
        return ISO_ENOMEM;
    for (int64_t step = 0; step <= t->steps; step++)
        for (int s = 0; s < t->nsources; s++) {
            struct item *item = &t->items[t->nitems];
            if (step == t->steps && t->sources[s].when != BEFORE_STEP)
                continue;
            snprintf(item->name, sizeof item->name, "%s@%lld", t->sources[s].name, (long long)step);
            item->source = s;
            item->step = step;
            t->nitems++;
        }
    qsort(t->items, (size_t)t->nitems, sizeof *t->items, by_name);
    for (int i = 0; i < t->nitems; i++)
        t->position[t->items[i].step * t->nsources + t->items[i].source] = i;
    return ISO_OK;
}

static iso_rc describe_items(struct trace *t)
{
    size_t largest = 1;
    t->tensors = iso_alloc((size_t)t->nitems, sizeof *t->tensors);
    if (t->tensors == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < t->nitems; i++) {
        const struct source *s = &t->sources[t->items[i].source];
        struct iso_st_tensor *tensor = &t->tensors[i];
        tensor->name = t->items[i].name;
        tensor->type = s->dtype == ISO_I32 ? ISO_ST_I32 : ISO_ST_F32;
        tensor->ndim = s->shape.ndim;
        for (int d = 0; d < s->shape.ndim; d++)
            tensor->dim[d] = s->shape.dim[d];
        if (s->batched)
            tensor->dim[0] = iso_batches_rows(t->batches, t->items[i].step);
        if (iso_shape_count(&s->shape) > (int64_t)largest)
            largest = (size_t)iso_shape_count(&s->shape);
    }
    t->values = iso_alloc(largest, sizeof *t->values);
    t->bytes = iso_alloc(largest, sizeof *t->bytes);
    t->log = iso_alloc((size_t)iso_exec_graph(t->exec)->columns, sizeof *t->log);
    return t->values != NULL && t->bytes != NULL && t->log != NULL ? ISO_OK : ISO_ENOMEM;
}

/* ---- Reading ------------------------------------------------------------------------------- */

static void canonical_nan(float *values, int64_t n)
{
    const uint32_t nan_bits = 0x7fc00000;
    for (int64_t i = 0; i < n; i++)
        if (isnan(values[i]))
            memcpy(&values[i], &nan_bits, sizeof nan_bits);
}

static iso_rc read_loss(struct trace *t)
{
    const struct iso_graph *graph = iso_exec_graph(t->exec);
    ISO_TRY(iso_exec_log(t->exec, 1, t->log));
    t->values[0] = (float)t->log[graph->values[graph->loss].at];
    canonical_nan(t->values, 1);
    return ISO_OK;
}

/* Leaves the tensor in t->values as the file has it. */
static iso_rc read_source(struct trace *t, const struct source *s)
{
    struct iso_backend *backend = iso_exec_backend(t->exec);
    struct iso_tensor tensor;
    if (s->when == LOSS)
        return read_loss(t);
    if (!iso_exec_tensor(t->exec, s->name, &tensor))
        return iso_fail(ISO_EDEVICE, "%s went away while it was traced", s->name);
    int64_t n = iso_shape_count(&tensor.shape);
    if (tensor.dtype == ISO_I32)
        return backend->ops->read(backend, tensor.mem, tensor.offset * sizeof(int32_t), t->values,
                                  (size_t)n * sizeof(int32_t));
    if (tensor.dtype == ISO_U8) {
        ISO_TRY(backend->ops->read(backend, tensor.mem, tensor.offset, t->bytes, (size_t)n));
        for (int64_t i = 0; i < n; i++)
            t->values[i] = t->bytes[i] != 0;
        return ISO_OK;
    }
    ISO_TRY(iso_tensor_read_f32(backend, &tensor, t->values));
    canonical_nan(t->values, n);
    return ISO_OK;
}

static iso_rc put(struct trace *t, struct iso_st_writer *writer, int64_t step, bool before)
{
    for (int s = 0; s < t->nsources; s++) {
        if ((t->sources[s].when == BEFORE_STEP) != before)
            continue;
        ISO_TRY(read_source(t, &t->sources[s]));
        ISO_TRY(iso_st_put(writer, t->position[step * t->nsources + s], t->values));
    }
    return ISO_OK;
}

static iso_rc run(struct trace *t, struct iso_st_writer *writer)
{
    const bool training = iso_exec_trains(t->exec);
    for (int64_t step = 0; step < t->steps; step++) {
        ISO_TRY(put(t, writer, step, true));
        ISO_TRY(iso_batches_feed(t->batches, step));
        ISO_TRY(iso_exec_forward(t->exec, training, (uint64_t)step, 0));
        if (training)
            ISO_TRY(iso_exec_backward(t->exec, (uint64_t)step));
        ISO_TRY(put(t, writer, step, false));
        if (training)
            ISO_TRY(iso_exec_update(
                t->exec, (uint64_t)step,
                iso_training_rate_alone(iso_exec_graph(t->exec)->training, (uint64_t)step)));
    }
    return put(t, writer, t->steps, true);
}

static iso_rc write_trace(struct trace *t, const char *path)
{
    struct iso_st_writer *writer = NULL;
    ISO_TRY(find_sources(t));
    ISO_TRY(make_items(t));
    ISO_TRY(describe_items(t));
    ISO_TRY(iso_st_begin(path, t->tensors, t->nitems, NULL, &writer));
    iso_rc rc = run(t, writer);
    if (rc != ISO_OK) {
        iso_st_abort(writer);
        return rc;
    }
    return iso_st_end(writer);
}

iso_rc iso_trace(struct iso_exec *exec, struct iso_batches *batches, int64_t steps,
                 const char *path, int64_t *tensors)
{
    if (iso_exec_graph(exec)->shards > 1)
        return iso_fail(ISO_EUSAGE,
                        "a trace has the tensors of whole batches, and this model computes them in "
                        "%lld shards: add --set train.shards=1",
                        (long long)iso_exec_graph(exec)->shards);
    struct trace t = { .exec = exec, .batches = batches, .steps = steps };
    iso_rc rc = write_trace(&t, path);
    if (tensors != NULL)
        *tensors = t.nitems;
    free(t.sources);
    free(t.items);
    free(t.position);
    free(t.tensors);
    free(t.values);
    free(t.bytes);
    free(t.log);
    return rc;
}
