#include "weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A weight or slot, or counts, which are whole numbers. */
struct entry {
    char name[2 * ISO_NAME];
    struct iso_tensor tensor;
    bool divided; /* a slot that ranks divide (exec.h); tensor has no memory */
    int weight, slot;
};
struct entries {
    struct entry *list;
    int n;
    int64_t largest; /* elements */
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static void add(struct iso_exec *exec, struct entries *entries)
{
    struct entry *e = &entries->list[entries->n];
    if (!iso_exec_tensor(exec, e->name, &e->tensor))
        return; /* a weight that is not trained has no slots */
    e->divided = iso_exec_divided_slot(exec, e->name, &e->weight, &e->slot);
    int64_t count = iso_shape_count(&e->tensor.shape);
    entries->largest = count > entries->largest ? count : entries->largest;
    entries->n++;
}

static void add_counts(struct iso_exec *exec, struct entries *entries)
{
    const struct iso_graph *g = iso_exec_graph(exec);
    for (int i = 0; i < g->nvalues; i++)
        if (g->values[i].role == ISO_ROLE_COUNTS) {
            strcpy(entries->list[entries->n].name, g->values[i].name);
            add(exec, entries);
        }
}

/* Every weight of the executor, and with `state` every slot and all counts, sorted by name. Free
 * list with free(). */
static iso_rc collect(struct iso_exec *exec, bool state, struct entries *entries)
{
    int nweights = iso_exec_nweights(exec), nslots = state ? iso_exec_nslots(exec) : 0;
    const size_t most = (size_t)(nweights * (1 + nslots)) + ISO_METRICS + 1;
    *entries = (struct entries){ .list = iso_alloc(most, sizeof(struct entry)) };
    if (entries->list == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < nweights; i++) {
        const char *weight = iso_exec_weight(exec, i);
        snprintf(entries->list[entries->n].name, sizeof entries->list->name, "%s", weight);
        add(exec, entries);
        for (int s = 0; s < nslots; s++) {
            snprintf(entries->list[entries->n].name, sizeof entries->list->name, "%s/%s", weight,
                     iso_exec_slot(exec, s));
            add(exec, entries);
        }
    }
    if (state)
        add_counts(exec, entries);
    qsort(entries->list, (size_t)entries->n, sizeof *entries->list, by_name);
    return ISO_OK;
}

/* ---- Saving -------------------------------------------------------------------------------- */

static iso_rc read_entry(struct iso_exec *exec, const struct entry *e, bool wide, void *values)
{
    struct iso_backend *b = iso_exec_backend(exec);
    const struct iso_tensor *t = &e->tensor;
    const size_t size = iso_dtype_size(b, ISO_I32);
    if (e->divided) /* ranks compute in float32 */
        return iso_exec_slot_read_f32(exec, e->weight, e->slot, values);
    if (t->dtype == ISO_I32)
        return b->ops->read(b, t->mem, t->offset * size, values,
                            (size_t)iso_shape_count(&t->shape) * size);
    return wide ? iso_tensor_read(b, t, values) : iso_tensor_read_f32(b, t, values);
}

static iso_rc put_all(struct iso_exec *exec, const struct entries *entries, bool wide, void *values,
                      struct iso_st_writer *writer)
{
    for (int i = 0; i < entries->n; i++) {
        ISO_TRY(read_entry(exec, &entries->list[i], wide, values));
        ISO_TRY(iso_st_put(writer, i, values));
    }
    return ISO_OK;
}

static iso_rc save(struct iso_exec *exec, const struct entries *entries, bool wide,
                   const char *const *metadata, const char *path, struct iso_st_tensor *tensors,
                   void *values)
{
    struct iso_st_writer *writer = NULL;
    for (int i = 0; i < entries->n; i++) {
        const struct iso_tensor *tensor = &entries->list[i].tensor;
        const struct iso_shape *shape = &tensor->shape;
        tensors[i].name = entries->list[i].name;
        tensors[i].type = tensor->dtype == ISO_I32 ? ISO_ST_I32 : wide ? ISO_ST_F64 : ISO_ST_F32;
        tensors[i].ndim = shape->ndim;
        for (int d = 0; d < shape->ndim; d++)
            tensors[i].dim[d] = shape->dim[d];
    }
    ISO_TRY(iso_st_begin(path, tensors, entries->n, metadata, &writer));
    iso_rc rc = put_all(exec, entries, wide, values, writer);
    if (rc != ISO_OK) {
        iso_st_abort(writer);
        return rc;
    }
    return iso_st_end(writer);
}

iso_rc iso_weights_save(struct iso_exec *exec, const char *path, bool slots,
                        const char *const *metadata)
{
    struct entries entries;
    bool wide = slots && iso_exec_backend(exec)->real_size == sizeof(double);
    ISO_TRY(collect(exec, slots, &entries));
    struct iso_st_tensor *tensors = iso_alloc((size_t)entries.n + 1, sizeof *tensors);
    void *values = iso_alloc((size_t)entries.largest + 1, wide ? sizeof(double) : sizeof(float));
    iso_rc rc = tensors != NULL && values != NULL
                    ? save(exec, &entries, wide, metadata, path, tensors, values)
                    : ISO_ENOMEM;
    free(tensors);
    free(values);
    free(entries.list);
    return rc;
}

/* ---- Loading ------------------------------------------------------------------------------- */

static struct iso_shape shape_of(const struct iso_st_tensor *tensor)
{
    struct iso_shape shape = { .ndim = tensor->ndim <= ISO_DIMS ? tensor->ndim : 0 };
    for (int d = 0; d < shape.ndim; d++)
        shape.dim[d] = tensor->dim[d];
    return shape;
}

/* One entry against the file: a fault when it is missing, of another shape or of another type. */
static void check_entry(const struct entry *e, const struct iso_st_file *file,
                        struct iso_location location, struct iso_faults *faults)
{
    char want[64], have[64];
    const struct iso_st_tensor *tensor = iso_st_find(file, e->name);
    iso_shape_text(&e->tensor.shape, 0, want, sizeof want);
    if (tensor == NULL) {
        iso_faults_add(faults, location, "%s is missing; the model has it with shape %s", e->name,
                       want);
        return;
    }
    struct iso_shape shape = shape_of(tensor);
    iso_shape_text(&shape, 0, have, sizeof have);
    if (tensor->ndim > ISO_DIMS || !iso_shape_equal(&shape, &e->tensor.shape))
        iso_faults_add(faults, location, "%s has shape %s; the model has %s", e->name,
                       tensor->ndim > ISO_DIMS ? "with too many dimensions" : have, want);
    else if (e->tensor.dtype == ISO_I32 && tensor->type != ISO_ST_I32)
        iso_faults_add(faults, location, "%s is not int32", e->name);
    else if (e->tensor.dtype == ISO_REAL && tensor->type != ISO_ST_F32 &&
             tensor->type != ISO_ST_F64)
        iso_faults_add(faults, location, "%s is not float32 or float64", e->name);
}

static iso_rc check(const struct entries *entries, const struct iso_st_file *file, const char *path,
                    struct iso_faults *faults)
{
    struct iso_location location = { .file = path };
    int before = faults->count;
    for (int i = 0; i < entries->n; i++)
        check_entry(&entries->list[i], file, location, faults);
    for (int i = 0; i < file->n; i++) {
        bool known = false;
        for (int k = 0; k < entries->n && !known; k++)
            known = strcmp(entries->list[k].name, file->tensors[i].name) == 0;
        if (!known)
            iso_faults_add(faults, location, "%s is not in the model", file->tensors[i].name);
    }
    if (faults->count > before)
        return iso_fail(ISO_EDATA, "%s does not fit the model", path);
    return ISO_OK;
}

static iso_rc load_entry(struct iso_exec *exec, const struct entry *e,
                         const struct iso_st_tensor *from)
{
    struct iso_backend *b = iso_exec_backend(exec);
    const struct iso_tensor *t = &e->tensor;
    const size_t size = iso_dtype_size(b, ISO_I32);
    if (e->divided)
        return from->type == ISO_ST_F64
                   ? iso_exec_slot_write(exec, e->weight, e->slot, from->data)
                   : iso_exec_slot_write_f32(exec, e->weight, e->slot, from->data);
    if (t->dtype == ISO_I32)
        return b->ops->write(b, t->mem, t->offset * size, from->data,
                             (size_t)iso_shape_count(&t->shape) * size);
    return from->type == ISO_ST_F64 ? iso_tensor_write(b, t, from->data)
                                    : iso_tensor_write_f32(b, t, from->data);
}

iso_rc iso_weights_load(struct iso_exec *exec, const struct iso_st_file *file, const char *path,
                        bool slots, struct iso_faults *faults)
{
    struct entries entries;
    ISO_TRY(collect(exec, slots, &entries));
    iso_rc rc = check(&entries, file, path, faults);
    for (int i = 0; i < entries.n && rc == ISO_OK; i++)
        rc = load_entry(exec, &entries.list[i], iso_st_find(file, entries.list[i].name));
    free(entries.list);
    return rc;
}

iso_rc iso_weights_take(struct iso_exec *exec, const struct iso_st_file *file, int *taken)
{
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    struct entries entries = { .n = 0 };
    iso_rc rc = faults != NULL ? collect(exec, false, &entries) : ISO_ENOMEM;
    *taken = 0;
    for (int i = 0; i < entries.n && rc == ISO_OK; i++) {
        faults->count = 0;
        check_entry(&entries.list[i], file, (struct iso_location){ .file = "" }, faults);
        if (faults->count > 0)
            continue;
        rc = load_entry(exec, &entries.list[i], iso_st_find(file, entries.list[i].name));
        ++*taken;
    }
    free(entries.list);
    free(faults);
    return rc;
}

/* ---- Finite -------------------------------------------------------------------------------- */

/* Finds the first element that is not finite; -1: there is none. */
static int64_t find_not_finite(const struct iso_st_tensor *t)
{
    const int64_t n = t->type == ISO_ST_F32 ? iso_st_bytes(t) / 4 : iso_st_bytes(t) / 8;
    for (int64_t i = 0; t->type == ISO_ST_F32 && i < n; i++)
        if (!isfinite(((const float *)t->data)[i]))
            return i;
    for (int64_t i = 0; t->type == ISO_ST_F64 && i < n; i++)
        if (!isfinite(((const double *)t->data)[i]))
            return i;
    return -1;
}

iso_rc iso_weights_finite(const struct iso_st_file *file, const char *path)
{
    for (int i = 0; i < file->n; i++) {
        const struct iso_st_tensor *t = &file->tensors[i];
        const int64_t at = find_not_finite(t);
        if (at >= 0)
            return iso_fail(ISO_EDATA,
                            "%s: element %lld of %s is not finite, so that the network computes "
                            "nothing; take other weights, such as best.safetensors of the run",
                            path, (long long)at, t->name);
    }
    return ISO_OK;
}
