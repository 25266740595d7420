/* exec_data.c: batches, from a data set resident on the device, from a stream or from the host. */
#include "exec_private.h"
#include "core/arithmetic/formulas.h"
#include "core/ops/gather_images.h"
#include "core/ops/gather_labels.h"

#include <stdlib.h>
#include <string.h>

static const char *const which_names[ISO_DATASETS] = { "train", "validation" };

static void free_resident(struct iso_exec *e, struct iso_resident *r)
{
    iso_stream_free(r->stream);
    iso_exec_close_file(r);
    iso_disk_free(r->disk);
    e->backend->ops->free(e->backend, r->batch_order);
    e->backend->ops->free(e->backend, r->images);
    e->backend->ops->free(e->backend, r->labels);
    e->backend->ops->free(e->backend, r->targets);
    e->backend->ops->free(e->backend, r->order);
    e->backend->ops->free(e->backend, r->weights);
    e->backend->ops->free(e->backend, r->features);
    *r = (struct iso_resident){ 0 };
}

void iso_exec_free_data(struct iso_exec *e)
{
    for (int i = 0; i < ISO_DATASETS; i++)
        free_resident(e, &e->data[i]);
}

/* Returns true if no row has the class 0, as when labels count from 1. */
static bool lacks_zero(const struct iso_dataset *d)
{
    for (int64_t row = 0; row < d->rows && d->labels != NULL; row++)
        if (d->labels[row] == 0)
            return false;
    return d->labels != NULL;
}

static iso_rc check_data(const struct iso_exec *e, int which, const struct iso_dataset *d)
{
    const struct iso_graph *g = e->graph;
    const struct iso_shape *in = &g->values[g->input].shape;
    const int64_t pixels = (int64_t)d->height * d->width * d->channels;
    const struct iso_shape has = { 4, { 0, d->height, d->width, d->channels } };
    char want[64], got[64];
    const bool fits = in->ndim == 4 ? in->dim[1] == d->height && in->dim[2] == d->width &&
                                          in->dim[3] == d->channels
                                    : in->ndim == 2 && in->dim[1] == pixels;
    if (!fits)
        return iso_fail(ISO_EDATA,
                        "%s data: %s has images of %s, the model's input is %s: change `input: "
                        "{shape:}`",
                        which_names[which], d->name, iso_shape_text(&has, 1, got, sizeof got),
                        iso_shape_text(in, 1, want, sizeof want));
    if (d->rows < 1)
        return iso_fail(ISO_EDATA, "%s data: %s has no rows", which_names[which], d->name);
    ISO_TRY(iso_exec_check_targets(e, which_names[which], d));
    if (d->targets == NULL && d->classes > g->classes)
        return iso_fail(ISO_EDATA,
                        "%s data: %s has %d classes, the model's last layer tells %lld apart: give "
                        "it %d units, or say which with `classes:`%s",
                        which_names[which], d->name, d->classes, (long long)g->classes, d->classes,
                        lacks_zero(d) ? " (no row has class 0; if labels count from 1, `classes: "
                                        "[1, 2, ...]` numbers them from 0)"
                                      : "");
    return iso_model_measured(g->model);
}

static iso_rc upload(struct iso_exec *e, const void *from, size_t bytes, struct iso_mem **to)
{
    ISO_TRY(e->backend->ops->alloc(e->backend, bytes, to));
    return e->backend->ops->write(e->backend, *to, 0, from, bytes);
}

/* ---- Weights of rows ------------------------------------------------------------------------ */

/* The weight of a row of this class (-1: not known): only training weighs. */
static float class_weight(const struct iso_exec *e, bool training, int64_t class)
{
    return training && e->options.training && class >= 0 ? e->graph->class_weight[class] : 1.0f;
}

/* Weights for all rows of a data set, beside its labels; data set 0 is the one to train on. */
static iso_rc upload_weights(struct iso_exec *e, int which, const struct iso_dataset *d)
{
    struct iso_tensor t = { NULL, 0, ISO_REAL, { 1, { d->rows } } };
    if (e->graph->class_weight == NULL)
        return ISO_OK;
    float *weights = iso_alloc((size_t)d->rows, sizeof *weights);
    if (weights == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < d->rows; i++)
        weights[i] = class_weight(e, which == 0, d->labels != NULL ? d->labels[i] : -1);
    iso_rc rc = e->backend->ops->alloc(e->backend, (size_t)d->rows * e->backend->real_size, &t.mem);
    e->data[which].weights = t.mem;
    if (rc == ISO_OK)
        rc = iso_tensor_write_f32(e->backend, &t, weights);
    free(weights);
    return rc;
}

/* Returns the class of a target of n numbers: the first largest; for a single number, 1 if it is
 * above a half. */
static int64_t target_class(const float *y, int64_t n)
{
    int64_t best = 0;
    if (n == 1)
        return iso_single_class(y[0]);
    for (int64_t c = 1; c < n; c++)
        if (y[c] > y[best])
            best = c;
    return best;
}

/* Sets the weights of the current batch, whose targets are y_class or y_prob, or absent. */
static iso_rc feed_weights(struct iso_exec *e, const int32_t *y_class, const float *y_prob)
{
    const struct iso_graph *g = e->graph;
    if (g->class_weight == NULL)
        return ISO_OK;
    const struct iso_tensor t = iso_exec_value(e, g->sample_weight);
    const int64_t rows = t.shape.dim[0], columns = g->values[g->target].shape.dim[1];
    float *weights = iso_alloc((size_t)rows, sizeof *weights);
    if (weights == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < rows; i++) {
        const int64_t class = y_class != NULL  ? y_class[i]
                              : y_prob != NULL ? target_class(y_prob + i * columns, columns)
                                               : -1;
        weights[i] = class_weight(e, true, class);
    }
    const iso_rc rc = iso_tensor_write_f32(e->backend, &t, weights);
    free(weights);
    return rc;
}

/* ---- A resident data set -------------------------------------------------------------------- */

static iso_rc upload_labels(struct iso_exec *e, struct iso_resident *r, const int32_t *labels)
{
    const size_t bytes = (size_t)r->rows * sizeof *labels;
    r->labelled = labels != NULL;
    if (labels != NULL)
        return upload(e, labels, bytes, &r->labels);
    ISO_TRY(e->backend->ops->alloc(e->backend, bytes, &r->labels));
    return e->backend->ops->fill(e->backend, r->labels, 0, 0, bytes);
}

/* Targets, REAL [rows, columns]; zeros where they are not known. */
static iso_rc upload_targets(struct iso_exec *e, struct iso_resident *r, const float *targets)
{
    struct iso_tensor t = iso_exec_value(e, e->graph->target);
    t.offset = 0;
    t.shape.dim[0] = r->rows;
    const size_t bytes = (size_t)iso_shape_count(&t.shape) * e->backend->real_size;
    ISO_TRY(e->backend->ops->alloc(e->backend, bytes, &r->targets));
    t.mem = r->targets;
    return targets != NULL ? iso_tensor_write_f32(e->backend, &t, targets)
                           : e->backend->ops->fill(e->backend, r->targets, 0, 0, bytes);
}

/* source: a struct iso_resident. */
static iso_rc read_image(const void *source, int64_t row, uint8_t *out)
{
    const struct iso_resident *r = source;
    if (r->disk != NULL)
        return iso_disk_row(r->disk, row, out);
    memcpy(out, r->host + (size_t)row * r->stream_row, r->stream_row);
    return ISO_OK;
}

/* All images, or room for a batch of them. */
static iso_rc open_images(struct iso_exec *e, struct iso_resident *r, const struct iso_dataset *d)
{
    const size_t size = iso_dataset_image_bytes(d);
    const struct iso_stream_options o = {
        .read = read_image, .source = r, .row = size, .threads = d->threads
    };
    if (d->disk == NULL && !iso_exec_exceeds(e, (double)d->rows * (double)size)) {
        r->bytes = (size_t)d->rows * size;
        return upload(e, d->images, r->bytes, &r->images);
    }
    r->disk = d->disk != NULL ? iso_disk_share(d->disk) : NULL;
    r->host = d->images;
    return iso_exec_stream_open(e, r, &o, &r->images);
}

static iso_rc upload_all(struct iso_exec *e, int which, const struct iso_dataset *d)
{
    struct iso_resident *r = &e->data[which];
    const size_t rows = (size_t)d->rows;
    r->rows = d->rows;
    r->threads = d->threads;
    ISO_TRY(open_images(e, r, d));
    if (e->graph->targets)
        ISO_TRY(upload_targets(e, r, d->targets));
    else
        ISO_TRY(upload_labels(e, r, d->labels));
    ISO_TRY(upload_weights(e, which, d));
    ISO_TRY(e->backend->ops->alloc(e->backend, rows * sizeof(int32_t), &r->order));
    return iso_exec_order(e, which, NULL);
}

/* After a failure there is no data set, rather than an incomplete one. */
iso_rc iso_exec_data(struct iso_exec *e, int which, const struct iso_dataset *d)
{
    ISO_TRY(check_data(e, which, d));
    free_resident(e, &e->data[which]);
    const iso_rc rc = upload_all(e, which, d);
    if (rc != ISO_OK)
        free_resident(e, &e->data[which]);
    return rc;
}

iso_rc iso_exec_labels(struct iso_exec *e, int which, int64_t rows, int32_t *out)
{
    const struct iso_resident *r = &e->data[which];
    if (r->labelled)
        return e->backend->ops->read(e->backend, r->labels, 0, out, (size_t)rows * sizeof *out);
    for (int64_t i = 0; i < rows; i++)
        out[i] = -1;
    return ISO_OK;
}

iso_rc iso_exec_order(struct iso_exec *e, int which, const int32_t *order)
{
    struct iso_resident *r = &e->data[which];
    const size_t bytes = (size_t)r->rows * sizeof *order;
    if (r->stream != NULL)
        ISO_TRY(iso_exec_stream_order(e, r, order));
    if (order != NULL)
        return e->backend->ops->write(e->backend, r->order, 0, order, bytes);
    int32_t *identity = iso_alloc((size_t)r->rows, sizeof *identity);
    if (identity == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < r->rows; i++)
        identity[i] = (int32_t)i;
    iso_rc rc = e->backend->ops->write(e->backend, r->order, 0, identity, bytes);
    if (rc == ISO_OK)
        rc = e->backend->ops->sync(e->backend);
    free(identity);
    return rc;
}

/* Rows that lie on the device, the `first` and following ones of an order [of the data's rows]. */
struct rows {
    struct iso_tensor data;
    struct iso_mem *order;
    int64_t first;
};

/* Rows of data of an INPUT op into a value's tensor; and with them, where `labels` is not NULL, the
 * targets from the labels x2. */
static iso_rc gather_with(struct iso_exec *e, enum iso_op op, const void *params, struct rows rows,
                          int value, const struct iso_gather_labels *labels, struct iso_tensor x2)
{
    struct iso_call c = { .params = params,
                          .step_rows = e->rows,
                          .first = rows.first,
                          .labels = labels,
                          .x = { rows.data } };
    if (labels != NULL) {
        c.x[2] = x2;
        c.y[1] = iso_exec_value(e, e->graph->target);
    }
    c.x[1] = (struct iso_tensor){ rows.order, 0, ISO_I32, { 1, { rows.data.shape.dim[0] } } };
    c.y[0] = iso_exec_value(e, value);
    if (iso_ops[op].def->scalars != NULL)
        iso_ops[op].def->scalars(params, 0, c.scalars);
    return e->backend->kernels[op]->forward(e->backend, &c);
}

static iso_rc gather(struct iso_exec *e, enum iso_op op, const void *params, struct rows rows,
                     int value)
{
    return gather_with(e, op, params, rows, value, NULL, (struct iso_tensor){ 0 });
}

static struct iso_mem *rows_of(const struct iso_resident *r)
{
    return r->features != NULL ? r->features : r->images;
}

/* Returns the buffer with the images or features of all rows, or of the current batch if they
 * stream; first: of the shard in place. */
static struct rows find_rows(const struct iso_exec *e, const struct iso_resident *r, int value,
                             int64_t first)
{
    struct rows rows = { { rows_of(r), 0, r->features != NULL ? ISO_REAL : ISO_U8,
                           e->graph->values[value].shape },
                         r->order,
                         first };
    rows.data.shape.dim[0] = r->rows;
    if (r->stream == NULL)
        return rows;
    rows.order = r->batch_order;
    rows.first = first - e->batch.first;
    if (r->own_rows)
        rows.first -= iso_exec_own_rows(e, e->batch.rows).begin;
    rows.data.shape.dim[0] = e->graph->batch;
    return rows;
}

static struct iso_tensor column_of(struct iso_mem *mem, enum iso_dtype dtype, int64_t rows)
{
    return (struct iso_tensor){ mem, 0, dtype, { 1, { rows } } };
}

/* True if one kernel gathers images and targets, which it finds in the same places. */
static bool gathers_together(const struct iso_exec *e, const struct iso_resident *r)
{
    return e->backend->kernels[ISO_OP_gather_images]->fuses_labels && r->features == NULL &&
           r->stream == NULL && r->targets == NULL;
}

/* The images, or the features kept in their place: where forward then begins; with the targets,
 * where both are gathered together. */
static iso_rc gather_input(struct iso_exec *e, int which, int64_t first,
                           const struct iso_gather_labels *labels)
{
    const struct iso_graph *g = e->graph;
    const struct iso_resident *r = &e->data[which];
    const int value = r->features != NULL ? e->kept.value : g->input;
    const struct rows rows = find_rows(e, r, value, first);
    if (r->features != NULL)
        return gather(e, ISO_OP_gather_rows, NULL, rows, value);
    return gather_with(e, ISO_OP_gather_images, &g->model->images, rows, value,
                       gathers_together(e, r) ? labels : NULL,
                       column_of(r->labels, ISO_I32, r->rows));
}

/* The rows of the shard in place, from `first` on. */
static iso_rc gather_shard(struct iso_exec *e, int which, int64_t first)
{
    const struct iso_graph *g = e->graph;
    const struct iso_resident *r = &e->data[which];
    const struct iso_shape *target = &g->values[g->target].shape;
    const bool one_hot = g->values[g->target].dtype == ISO_REAL;
    const struct iso_gather_labels labels = { g->classes, one_hot,
                                              one_hot ? g->classes - target->dim[1] : 0 };
    ISO_TRY(gather_input(e, which, first, &labels));
    if (r->weights != NULL)
        ISO_TRY(gather(e, ISO_OP_gather_rows, NULL,
                       (struct rows){ column_of(r->weights, ISO_REAL, r->rows), r->order, first },
                       g->sample_weight));
    if (gathers_together(e, r))
        return ISO_OK;
    if (r->targets != NULL) {
        const struct iso_tensor targets = {
            r->targets, 0, ISO_REAL, { 2, { r->rows, target->dim[1] } }
        };
        return gather(e, ISO_OP_gather_rows, NULL, (struct rows){ targets, r->order, first },
                      g->target);
    }
    return gather(e, ISO_OP_gather_labels, &labels,
                  (struct rows){ column_of(r->labels, ISO_I32, r->rows), r->order, first },
                  g->target);
}

iso_rc iso_exec_gather(struct iso_exec *e, int which, int64_t first, int64_t rows)
{
    struct iso_resident *r = &e->data[which];
    if (first < 0 || rows > r->rows - first)
        return iso_fail(ISO_EUSAGE, "rows %lld to %lld of a data set of %lld", (long long)first,
                        (long long)(first + rows), (long long)r->rows);
    ISO_TRY(iso_exec_begin_batch(e, which, first, rows));
    e->first_node = r->features != NULL ? e->kept.nodes : 0;
    if (r->stream != NULL)
        ISO_TRY(iso_exec_stream_fill(e, r, rows_of(r), first, rows));
    const struct iso_share own = iso_exec_own_shards(e);
    return own.begin < own.end ? iso_exec_shard(e, (int)own.begin) : ISO_OK;
}

static iso_rc feed_one_hot(struct iso_exec *e, const struct iso_tensor *t, const int32_t *classes)
{
    const int64_t rows = t->shape.dim[0], n = t->shape.dim[1], from = e->graph->classes - n;
    float *one_hot = iso_alloc((size_t)(rows * n), sizeof *one_hot);
    if (one_hot == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < rows; i++)
        if (classes[i] >= from)
            one_hot[i * n + classes[i] - from] = 1.0f;
    const iso_rc rc = iso_tensor_write_f32(e->backend, t, one_hot);
    free(one_hot);
    return rc;
}

static iso_rc feed_classes(struct iso_exec *e, const int32_t *classes)
{
    const struct iso_tensor t = iso_exec_value(e, e->graph->target);
    for (int64_t i = 0; i < t.shape.dim[0]; i++)
        if (classes[i] < 0 || classes[i] >= e->graph->classes)
            return iso_fail(ISO_EDATA,
                            "row %lld has class %d, the model's last layer tells %lld apart",
                            (long long)i, (int)classes[i], (long long)e->graph->classes);
    if (t.dtype == ISO_REAL)
        return feed_one_hot(e, &t, classes);
    return e->backend->ops->write(e->backend, t.mem, t.offset * sizeof *classes, classes,
                                  (size_t)t.shape.dim[0] * sizeof *classes);
}

/* Rows of the host into the shard in place. */
static iso_rc feed(struct iso_exec *e, const float *x, const int32_t *y_class, const float *y_prob)
{
    const struct iso_tensor input = iso_exec_value(e, e->graph->input);
    const struct iso_tensor target = iso_exec_value(e, e->graph->target);
    ISO_TRY(iso_tensor_write_f32(e->backend, &input, x));
    if (y_class != NULL) {
        ISO_TRY(feed_classes(e, y_class));
        return feed_weights(e, y_class, NULL);
    }
    if (y_prob != NULL && target.dtype != ISO_REAL)
        return iso_fail(ISO_EDATA,
                        "%s takes class numbers, not probabilities (use categorical_crossentropy)",
                        iso_ops[e->graph->training->loss.op].name);
    ISO_TRY(feed_weights(e, NULL, y_prob));
    if (y_prob != NULL)
        return iso_tensor_write_f32(e->backend, &target, y_prob);
    return e->backend->ops->fill(
        e->backend, target.mem, target.offset * iso_dtype_size(e->backend, target.dtype), 0,
        (size_t)iso_shape_count(&target.shape) * iso_dtype_size(e->backend, target.dtype));
}

/* Returns the numbers per row of a value. */
static int64_t row_size(const struct iso_exec *e, int value)
{
    const struct iso_shape *s = &e->graph->values[value].shape;
    return iso_shape_count(s) / s->dim[0];
}

static iso_rc copy(const void *from, size_t bytes, void *out)
{
    void *to = from != NULL ? iso_alloc(bytes, 1) : NULL;
    if (from != NULL && to == NULL)
        return ISO_ENOMEM;
    if (from != NULL)
        memcpy(to, from, bytes);
    memcpy(out, &to, sizeof to);
    return ISO_OK;
}

iso_rc iso_exec_fill_shard(struct iso_exec *e)
{
    const struct iso_graph *g = e->graph;
    const struct iso_batch *b = &e->batch;
    const int64_t at = e->shard * g->shard_rows;
    if (b->which >= 0)
        return gather_shard(e, b->which, b->first + at);
    if (b->x == NULL) /* it was fed in place */
        return ISO_OK;
    return feed(e, b->x + at * row_size(e, g->input), b->y_class != NULL ? b->y_class + at : NULL,
                b->y_prob != NULL ? b->y_prob + at * row_size(e, g->target) : NULL);
}

iso_rc iso_exec_feed(struct iso_exec *e, int64_t rows, const float *x, const int32_t *y_class,
                     const float *y_prob)
{
    const struct iso_graph *g = e->graph;
    struct iso_batch *b = &e->batch;
    ISO_TRY(iso_exec_begin_batch(e, -1, 0, rows));
    e->first_node = 0;
    if (e->shards == 1) {
        ISO_TRY(iso_exec_shard(e, 0));
        return feed(e, x, y_class, y_prob);
    }
    ISO_TRY(copy(x, (size_t)(rows * row_size(e, g->input)) * sizeof *x, &b->x));
    ISO_TRY(copy(y_class, (size_t)rows * sizeof *y_class, &b->y_class));
    ISO_TRY(copy(y_prob, (size_t)(rows * row_size(e, g->target)) * sizeof *y_prob, &b->y_prob));
    const struct iso_share own = iso_exec_own_shards(e);
    return own.begin < own.end ? iso_exec_shard(e, (int)own.begin) : ISO_OK;
}
