/* exec_stream.c: rows of a data set that do not lie on the device, but are read ahead by threads:
 * the device has room for one batch of them, which is filled anew for each. (One is enough: a write
 * waits for its turn.) */
#include "exec_private.h"

#include <stdlib.h>

bool iso_exec_exceeds(const struct iso_exec *e, double bytes)
{
    const double most = (double)e->backend->max_alloc, all = (double)e->backend->device.memory;
    double used = bytes;
    for (int i = 0; i < ISO_DATASETS; i++)
        used += (double)e->data[i].bytes;
    return (most > 0 && bytes > most) || (all > 0 && used > all / 2);
}

static iso_rc upload_batch_order(struct iso_exec *e, struct iso_mem *to)
{
    const int64_t batch = e->graph->batch;
    int32_t *order = iso_alloc((size_t)batch, sizeof *order);
    if (order == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < batch; i++)
        order[i] = (int32_t)i;
    iso_rc rc = e->backend->ops->write(e->backend, to, 0, order, (size_t)batch * sizeof *order);
    if (rc == ISO_OK)
        rc = e->backend->ops->sync(e->backend);
    free(order);
    return rc;
}

/* Returns the number of rows of a full batch that this rank reads, at least 1: of one shard or of
 * its share, whichever is more, because a short batch may be one shard that every rank computes. */
static int64_t own_batch(const struct iso_exec *e, const struct iso_resident *r)
{
    const struct iso_share own = iso_exec_own_rows(e, e->graph->batch);
    const int64_t last = r->rows % e->graph->batch;
    const struct iso_share end = iso_exec_own_rows(e, last);
    const int64_t most = end.end - end.begin;
    return own.end - own.begin > most ? own.end - own.begin : most > 0 ? most : 1;
}

/* Returns how many rows this rank reads in the batches before the one that begins at `first`. */
static int64_t own_before(const struct iso_exec *e, int64_t first)
{
    const struct iso_share own = iso_exec_own_rows(e, e->graph->batch);
    return first / e->graph->batch * (own.end - own.begin);
}

/* Returns how many rows of all batches this rank reads. */
static int64_t own_rows(const struct iso_exec *e, int64_t rows)
{
    const struct iso_share last = iso_exec_own_rows(e, rows % e->graph->batch);
    return own_before(e, rows) + last.end - last.begin;
}

/* The order of this rank's rows alone: of each batch its share. */
static iso_rc order_own(struct iso_exec *e, struct iso_resident *r, const int32_t *order)
{
    int32_t *own = iso_alloc((size_t)r->rows, sizeof *own);
    const int64_t batch = e->graph->batch;
    int64_t n = 0;
    if (own == NULL)
        return ISO_ENOMEM;
    for (int64_t first = 0; first < r->rows; first += batch) {
        const int64_t rows = r->rows - first < batch ? r->rows - first : batch;
        const struct iso_share share = iso_exec_own_rows(e, rows);
        for (int64_t i = share.begin; i < share.end; i++)
            own[n++] = order != NULL ? order[first + i] : (int32_t)(first + i);
    }
    iso_stream_order(r->stream, own);
    free(own);
    return ISO_OK;
}

iso_rc iso_exec_stream_order(struct iso_exec *e, struct iso_resident *r, const int32_t *order)
{
    if (r->own_rows)
        return order_own(e, r, order);
    iso_stream_order(r->stream, order);
    return ISO_OK;
}

iso_rc iso_exec_stream_open(struct iso_exec *e, struct iso_resident *r,
                            const struct iso_stream_options *options, struct iso_mem **room)
{
    const size_t batch = (size_t)e->graph->batch;
    struct iso_stream_options o = *options;
    /* (Features that are kept are computed from all rows.) */
    r->own_rows = e->divided != NULL && r == &e->data[0] &&
                  (!e->graph->model->keep_features || r->file != NULL);
    o.rows = r->own_rows ? own_rows(e, r->rows) : r->rows;
    o.batch = r->own_rows ? own_batch(e, r) : e->graph->batch;
    ISO_TRY(e->backend->ops->alloc(e->backend, batch * o.row, room));
    r->bytes = batch * o.row;
    if (r->batch_order == NULL) {
        ISO_TRY(e->backend->ops->alloc(e->backend, batch * sizeof(int32_t), &r->batch_order));
        ISO_TRY(upload_batch_order(e, r->batch_order));
    }
    r->stream_row = o.row;
    return iso_stream_new(&o, &r->stream);
}

iso_rc iso_exec_stream_fill(struct iso_exec *e, struct iso_resident *r, struct iso_mem *room,
                            int64_t first, int64_t rows)
{
    const uint8_t *data;
    if (r->own_rows) {
        const struct iso_share own = iso_exec_own_rows(e, rows);
        first = own_before(e, first);
        rows = own.end - own.begin;
    }
    if (rows == 0)
        return ISO_OK;
    ISO_TRY(iso_stream_take(r->stream, first, rows, &data));
    return e->backend->ops->write(e->backend, room, 0, data, (size_t)rows * r->stream_row);
}

void iso_exec_close_file(struct iso_resident *r)
{
    if (r->file != NULL)
        iso_row_file_close(r->file);
    free(r->file);
    r->file = NULL;
}

bool iso_exec_streams(const struct iso_exec *e, int which) { return e->data[which].stream != NULL; }
