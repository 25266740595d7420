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

iso_rc iso_exec_stream_open(struct iso_exec *e, struct iso_resident *r,
                            const struct iso_stream_options *options, struct iso_mem **room)
{
    const size_t batch = (size_t)e->graph->batch;
    struct iso_stream_options o = *options;
    o.rows = r->rows;
    o.batch = e->graph->batch;
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
