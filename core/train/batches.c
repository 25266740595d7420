#include "batches.h"

#include "predict.h"
#include "core/formats/safetensors.h"
#include "core/data/shuffle.h"

#include <stdlib.h>
#include <string.h>

struct iso_batches {
    struct iso_exec *exec; /* borrowed */
    int64_t rows, batch, row_size, classes;
    int64_t columns; /* per row of targets that are not classes */
    /* for a data set */
    uint64_t seed;
    int64_t epoch;  /* whose order is on the device; -1: none */
    int32_t *order; /* [rows] */
    /* for a file */
    struct iso_st_file *file; /* NULL: a data set */
    const float *x, *y_prob;  /* all rows; y_prob NULL: y_class */
    int32_t *y_class;
    float *batch_x, *batch_prob; /* one batch, as iso_exec_feed takes it */
    int32_t *batch_class;
};

static struct iso_batches *new_batches(struct iso_exec *exec)
{
    struct iso_batches *b = iso_alloc(1, sizeof *b);
    const struct iso_graph *graph = iso_exec_graph(exec);
    if (b == NULL)
        return NULL;
    b->exec = exec;
    b->batch = graph->batch;
    b->classes = graph->classes;
    b->columns = iso_predict_size(graph, graph->output);
    b->row_size = iso_shape_count(&graph->values[graph->input].shape) / graph->shard_rows;
    return b;
}

void iso_batches_free(struct iso_batches *b)
{
    if (b == NULL)
        return;
    if (b->file != NULL)
        iso_st_close(b->file);
    free(b->order);
    free(b->y_class);
    free(b->batch_x);
    free(b->batch_prob);
    free(b->batch_class);
    free(b);
}

static iso_rc opened(iso_rc rc, struct iso_batches *b, struct iso_batches **out)
{
    if (rc != ISO_OK)
        iso_batches_free(b);
    else
        *out = b;
    return rc;
}

/* ---- Checking a file ----------------------------------------------------------------------- */

static iso_rc find(const struct iso_st_file *file, const char *path, const char *name,
                   const struct iso_st_tensor **out)
{
    *out = iso_st_find(file, name);
    if (*out == NULL)
        return iso_fail(ISO_EDATA, "%s has no tensor '%s'; a batch file holds x and y", path, name);
    return ISO_OK;
}

static iso_rc check_x(struct iso_batches *b, const struct iso_st_tensor *x, const char *path)
{
    const struct iso_graph *graph = iso_exec_graph(b->exec);
    struct iso_shape want = graph->values[graph->input].shape, have = { .ndim = x->ndim };
    char want_text[64], have_text[64];
    if (x->type != ISO_ST_F32)
        return iso_fail(ISO_EDATA, "%s: x is not float32", path);
    for (int d = 0; d < x->ndim && d < ISO_DIMS; d++)
        have.dim[d] = x->dim[d];
    want.dim[0] = have.dim[0];
    if (x->ndim != want.ndim || !iso_shape_equal(&have, &want)) {
        have.ndim = have.ndim < ISO_DIMS ? have.ndim : ISO_DIMS;
        return iso_fail(ISO_EDATA,
                        "%s: rows of x are %s, the model's input is %s (height x width x channels)",
                        path, iso_shape_text(&have, 1, have_text, sizeof have_text),
                        iso_shape_text(&want, 1, want_text, sizeof want_text));
    }
    if (have.dim[0] < 1)
        return iso_fail(ISO_EDATA, "%s: x has no rows", path);
    b->rows = have.dim[0];
    b->x = x->data;
    return ISO_OK;
}

static iso_rc read_classes(struct iso_batches *b, const struct iso_st_tensor *y, const char *path)
{
    if (y->ndim != 1)
        return iso_fail(ISO_EDATA,
                        "%s: y has %d dimensions; whole numbers are classes, of shape [rows]", path,
                        y->ndim);
    b->y_class = iso_alloc((size_t)b->rows, sizeof *b->y_class);
    if (b->y_class == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < b->rows; i++) {
        int64_t c = y->type == ISO_ST_I32 ? ((const int32_t *)y->data)[i]
                                          : ((const int64_t *)y->data)[i];
        if (c < 0 || c >= b->classes)
            return iso_fail(
                ISO_EDATA,
                "%s: row %lld of y is class %lld; the model tells classes 0 to %lld apart", path,
                (long long)i, (long long)c, (long long)b->classes - 1);
        b->y_class[i] = (int32_t)c;
    }
    return ISO_OK;
}

static iso_rc check_y(struct iso_batches *b, const struct iso_st_tensor *y, const char *path)
{
    if (y->ndim < 1 || y->dim[0] != b->rows)
        return iso_fail(ISO_EDATA, "%s: y has %lld rows and x has %lld", path,
                        y->ndim ? (long long)y->dim[0] : 1LL, (long long)b->rows);
    if (y->type == ISO_ST_I32 || y->type == ISO_ST_I64)
        return read_classes(b, y, path);
    if (y->type != ISO_ST_F32)
        return iso_fail(ISO_EDATA,
                        "%s: y is neither int32 nor int64 classes nor float32 probabilities", path);
    if (y->ndim != 2 || y->dim[1] != b->columns)
        return iso_fail(
            ISO_EDATA,
            "%s: y has %lld columns; float32 y needs one for each of the %lld numbers that the "
            "model's last layer gives: [rows, %lld]",
            path, y->ndim > 1 ? (long long)y->dim[1] : 1LL, (long long)b->columns,
            (long long)b->columns);
    const struct iso_graph *graph = iso_exec_graph(b->exec);
    if (graph->values[graph->target].dtype == ISO_I32)
        return iso_fail(
            ISO_EDATA,
            "%s: y holds probabilities and %s takes class numbers; give int32 y, or the model "
            "categorical_crossentropy",
            path, iso_ops[graph->training->loss.op].name);
    b->y_prob = y->data;
    return ISO_OK;
}

static iso_rc open_file(struct iso_batches *b, const char *path)
{
    const struct iso_st_tensor *x, *y;
    ISO_TRY(iso_st_open(path, &b->file));
    ISO_TRY(find(b->file, path, "x", &x));
    ISO_TRY(find(b->file, path, "y", &y));
    ISO_TRY(check_x(b, x, path));
    ISO_TRY(check_y(b, y, path));
    b->batch_x = iso_alloc((size_t)b->batch * (size_t)b->row_size, sizeof *b->batch_x);
    b->batch_prob = iso_alloc((size_t)b->batch * (size_t)b->columns, sizeof *b->batch_prob);
    b->batch_class = iso_alloc((size_t)b->batch, sizeof *b->batch_class);
    return b->batch_x != NULL && b->batch_prob != NULL && b->batch_class != NULL ? ISO_OK
                                                                                 : ISO_ENOMEM;
}

iso_rc iso_batches_from_file(const char *path, struct iso_exec *exec, struct iso_batches **out)
{
    struct iso_batches *b = new_batches(exec);
    return b != NULL ? opened(open_file(b, path), b, out) : ISO_ENOMEM;
}

/* ---- A data set ---------------------------------------------------------------------------- */

static iso_rc open_data(struct iso_batches *b, const struct iso_dataset *data, uint64_t seed)
{
    b->seed = seed;
    b->epoch = -1;
    b->rows = data->rows;
    b->order = iso_alloc((size_t)data->rows, sizeof *b->order);
    return b->order != NULL ? iso_exec_data(b->exec, 0, data) : ISO_ENOMEM;
}

iso_rc iso_batches_from_data(const struct iso_dataset *data, uint64_t seed, struct iso_exec *exec,
                             struct iso_batches **out)
{
    struct iso_batches *b = new_batches(exec);
    return b != NULL ? opened(open_data(b, data, seed), b, out) : ISO_ENOMEM;
}

/* ---- Batches ------------------------------------------------------------------------------- */

static int64_t epoch_steps(const struct iso_batches *b)
{
    return (b->rows + b->batch - 1) / b->batch;
}

int64_t iso_batches_rows(const struct iso_batches *b, int64_t step)
{
    if (b->file != NULL)
        return b->batch;
    int64_t left = b->rows - step % epoch_steps(b) * b->batch;
    return left < b->batch ? left : b->batch;
}

static iso_rc feed_from_file(struct iso_batches *b, int64_t step)
{
    size_t n = (size_t)b->row_size, columns = (size_t)b->columns;
    for (int64_t i = 0; i < b->batch; i++) {
        size_t row = (size_t)((step % b->rows * (b->batch % b->rows) + i) % b->rows);
        memcpy(b->batch_x + (size_t)i * n, b->x + row * n, n * sizeof *b->x);
        if (b->y_class != NULL)
            b->batch_class[i] = b->y_class[row];
        else
            memcpy(b->batch_prob + (size_t)i * columns, b->y_prob + row * columns,
                   columns * sizeof *b->y_prob);
    }
    return iso_exec_feed(b->exec, b->batch, b->batch_x, b->y_class != NULL ? b->batch_class : NULL,
                         b->y_class != NULL ? NULL : b->batch_prob);
}

iso_rc iso_batches_feed(struct iso_batches *b, int64_t step)
{
    if (b->file != NULL)
        return feed_from_file(b, step);
    int64_t epoch = step / epoch_steps(b);
    if (epoch != b->epoch) {
        iso_shuffle(b->seed, (uint32_t)epoch, b->order, b->rows);
        ISO_TRY(iso_exec_order(b->exec, 0, b->order));
        b->epoch = epoch;
    }
    return iso_exec_gather(b->exec, 0, step % epoch_steps(b) * b->batch, iso_batches_rows(b, step));
}
