/* exec_keep.c: computes the result of the first layers, if none of them is trained, once for each
 * row of the data, and keeps it on the device or in a file from which it streams. */
#include "exec_private.h"

#include <stdlib.h>

/* Returns true if the node's result for an example never changes while other layers are trained. */
static bool stays(const struct iso_graph *g, int node)
{
    const struct iso_node *n = &g->nodes[node];
    const struct iso_op_def *def = iso_ops[n->op].def;
    for (int i = 0; i < n->nw; i++)
        if (n->w[i] >= 0 && g->values[n->w[i]].trainable)
            return false;
    return !def->random && (!def->forward_changes || n->inference);
}

static bool made_before(const struct iso_graph *g, int value, int node)
{
    if (value == g->input)
        return true;
    for (int i = 0; i < node; i++)
        for (int k = 0; k < g->nodes[i].ny; k++)
            if (g->nodes[i].y[k] == value)
                return true;
    return false;
}

/* The one value that nodes before `node` give to those from there on; -1 when there are several. */
static int handed_on(const struct iso_graph *g, int node)
{
    int found = -1;
    for (int i = node; i < g->nnodes; i++)
        for (int k = 0; k < g->nodes[i].nx; k++) {
            const int value = g->nodes[i].x[k];
            if (value == found || !made_before(g, value, node))
                continue;
            if (found >= 0)
                return -1;
            found = value;
        }
    return found;
}

static iso_rc find(const struct iso_graph *g, struct iso_kept *kept)
{
    int nodes = 0, weights = 0;
    if (g->augmented != g->input)
        return iso_fail(ISO_EMODEL,
                        "keep_features: augmented images are other ones in every "
                        "epoch, so that there is nothing to keep; leave it or the augmentation "
                        "out");
    while (nodes < g->nlayer_nodes && stays(g, nodes))
        weights += g->nodes[nodes++].nw;
    for (; nodes > 0 && handed_on(g, nodes) < 0; nodes--)
        weights -= g->nodes[nodes - 1].nw;
    if (weights == 0)
        return iso_fail(ISO_EMODEL,
                        "keep_features: the first layer with weights is trained, so "
                        "that there is nothing to keep; write trainable: false, or leave it out");
    kept->nodes = nodes;
    kept->value = handed_on(g, nodes);
    return ISO_OK;
}

bool iso_exec_keeps(const struct iso_exec *e)
{
    struct iso_kept kept;
    const bool found = find(e->graph, &kept) == ISO_OK;
    if (!found)
        iso_error_clear();
    return found;
}

/* ---- Where features go ----------------------------------------------------------------------- */

/* The features of the shard in place, to their rows of the kept ones: in r's file, or on the
 * device. */
static iso_rc move(struct iso_exec *e, const struct iso_resident *r, struct iso_mem *features,
                   int64_t first, void *buffer)
{
    const struct iso_tensor t = iso_exec_value(e, e->kept.value);
    const size_t size = e->backend->real_size, row = (size_t)e->kept.size * size;
    const size_t bytes = (size_t)t.shape.dim[0] * row;
    ISO_TRY(e->backend->ops->read(e->backend, t.mem, t.offset * size, buffer, bytes));
    if (r->file != NULL)
        return iso_row_file_write(r->file, first, t.shape.dim[0], buffer);
    ISO_TRY(e->backend->ops->write(e->backend, features, (size_t)first * row, buffer, bytes));
    return e->backend->ops->sync(e->backend);
}

static iso_rc compute(struct iso_exec *e, int which, struct iso_mem *features, void *buffer)
{
    const struct iso_resident *r = &e->data[which];
    const int64_t rows = r->rows, batch = e->graph->batch;
    ISO_TRY(iso_exec_order(e, which, NULL));
    e->keeping = true;
    for (int64_t first = 0; first < rows; first += batch) {
        ISO_TRY(iso_exec_gather(e, which, first, rows - first < batch ? rows - first : batch));
        for (int s = 0; s < e->shards; s++) {
            ISO_TRY(iso_exec_shard(e, s));
            ISO_TRY(iso_exec_infer(e, 0, e->kept.nodes));
            ISO_TRY(move(e, r, features, first + s * e->graph->shard_rows, buffer));
        }
    }
    e->keeping = false;
    return ISO_OK;
}

/* Room for all features: a file where they are too many for the device, otherwise memory. */
static iso_rc make_room(struct iso_exec *e, struct iso_resident *r, const char *folder,
                        struct iso_mem **features)
{
    const size_t row = (size_t)e->kept.size * e->backend->real_size;
    if (!iso_exec_exceeds(e, (double)r->rows * (double)row))
        return e->backend->ops->alloc(e->backend, (size_t)r->rows * row, features);
    struct iso_row_file *file = iso_alloc(1, sizeof *file);
    if (file == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = iso_row_file_make(folder, row, r->rows, file);
    if (rc == ISO_OK)
        r->file = file;
    else
        free(file);
    return rc;
}

static iso_rc read_features(const void *source, int64_t row, uint8_t *out)
{
    const struct iso_row_file *file = source;
    return iso_row_file_read(file, row, 0, out, file->row);
}

/* Features take the images' place. */
static iso_rc replace_images(struct iso_exec *e, struct iso_resident *r, struct iso_mem *features)
{
    iso_stream_free(r->stream);
    iso_disk_free(r->disk);
    r->stream = NULL;
    r->disk = NULL;
    e->backend->ops->free(e->backend, r->images);
    r->images = NULL;
    r->features = features;
    r->bytes = (size_t)(r->rows * e->kept.size) * e->backend->real_size;
    e->kept.rows += r->rows;
    if (r->file == NULL)
        return ISO_OK;
    const struct iso_stream_options o = {
        .read = read_features, .source = r->file, .row = r->file->row, .threads = r->threads
    };
    return iso_exec_stream_open(e, r, &o, &r->features);
}

static iso_rc keep(struct iso_exec *e, int which, const char *folder, void *buffer)
{
    struct iso_resident *r = &e->data[which];
    struct iso_mem *features = NULL;
    iso_rc rc = make_room(e, r, folder, &features);
    if (rc == ISO_OK)
        rc = compute(e, which, features, buffer);
    if (rc == ISO_OK)
        return replace_images(e, r, features);
    e->backend->ops->free(e->backend, features);
    iso_exec_close_file(r);
    return rc;
}

iso_rc iso_exec_keep(struct iso_exec *e, const char *folder)
{
    if (e->kept.nodes > 0)
        return ISO_OK;
    struct iso_kept kept = { 0 };
    ISO_TRY(find(e->graph, &kept));
    const struct iso_shape *shape = &e->graph->values[kept.value].shape;
    kept.size = iso_shape_count(shape) / shape->dim[0];
    void *buffer = iso_alloc((size_t)iso_shape_count(shape), e->backend->real_size);
    iso_rc rc = buffer != NULL ? ISO_OK : ISO_ENOMEM;
    e->kept = kept;
    for (int i = 0; i < ISO_DATASETS && rc == ISO_OK; i++)
        if (e->data[i].rows > 0)
            rc = keep(e, i, folder, buffer);
    if (rc != ISO_OK && e->kept.rows == 0)
        e->kept = (struct iso_kept){ 0 };
    free(buffer);
    return rc;
}

const struct iso_kept *iso_exec_kept(const struct iso_exec *e) { return &e->kept; }
