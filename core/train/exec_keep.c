/* exec_keep.c: what the layers at the beginning give, when none of them is trained: computed once
 * for each row of the data, and kept on the device. */
#include "exec_private.h"

#include <stdlib.h>

/* Whether what the node gives for an example never changes while others are trained. */
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
        return iso_fail(ISO_EMODEL, "keep_features: augmented images are other ones in every "
                        "epoch, so that there is nothing to keep; leave it or the augmentation "
                        "out");
    while (nodes < g->nlayer_nodes && stays(g, nodes))
        weights += g->nodes[nodes++].nw;
    for (; nodes > 0 && handed_on(g, nodes) < 0; nodes--)
        weights -= g->nodes[nodes - 1].nw;
    if (weights == 0)
        return iso_fail(ISO_EMODEL, "keep_features: the first layer with weights is trained, so "
                        "that there is nothing to keep; write trainable: false, or leave it out");
    kept->nodes = nodes;
    kept->value = handed_on(g, nodes);
    return ISO_OK;
}

/* The features of the batch in place, to their rows of the kept ones. */
static iso_rc move(struct iso_exec *e, struct iso_mem *features, int64_t first, void *buffer)
{
    const struct iso_tensor t = iso_exec_value(e, e->kept.value);
    const size_t size = e->backend->real_size, row = (size_t)e->kept.size * size;
    const size_t bytes = (size_t)t.shape.dim[0] * row;
    ISO_TRY(e->backend->ops->read(e->backend, t.mem, t.offset * size, buffer, bytes));
    ISO_TRY(e->backend->ops->write(e->backend, features, (size_t)first * row, buffer, bytes));
    return e->backend->ops->sync(e->backend);
}

static iso_rc compute(struct iso_exec *e, int which, struct iso_mem *features, void *buffer)
{
    const int64_t rows = e->data[which].rows, batch = e->graph->batch;
    ISO_TRY(iso_exec_order(e, which, NULL));
    for (int64_t first = 0; first < rows; first += batch) {
        ISO_TRY(iso_exec_gather(e, which, first, rows - first < batch ? rows - first : batch));
        ISO_TRY(iso_exec_run(e, 0, e->kept.nodes, false, 0, 0));
        ISO_TRY(move(e, features, first, buffer));
    }
    return ISO_OK;
}

/* Features take the images' place. */
static iso_rc keep(struct iso_exec *e, int which, void *buffer)
{
    const struct iso_backend_ops *ops = e->backend->ops;
    struct iso_resident *r = &e->data[which];
    const size_t row = (size_t)e->kept.size * e->backend->real_size, most = e->backend->max_alloc;
    struct iso_mem *features;
    if (most > 0 && r->rows > (int64_t)(most / row))
        return iso_fail(ISO_ENOMEM, "keep_features: %lld rows of %lld numbers are more than the "
                        "device allocates at once; leave it out, or use --limit",
                        (long long)r->rows, (long long)e->kept.size);
    ISO_TRY(ops->alloc(e->backend, (size_t)r->rows * row, &features));
    const iso_rc rc = compute(e, which, features, buffer);
    if (rc != ISO_OK) {
        ops->free(e->backend, features);
        return rc;
    }
    ops->free(e->backend, r->images);
    r->images = NULL;
    r->features = features;
    e->kept.rows += r->rows;
    return ISO_OK;
}

iso_rc iso_exec_keep(struct iso_exec *e)
{
    if (e->kept.nodes > 0)
        return ISO_OK;
    struct iso_kept kept = { 0 };
    ISO_TRY(find(e->graph, &kept));
    const struct iso_shape *shape = &e->graph->values[kept.value].shape;
    kept.size = iso_shape_count(shape) / shape->dim[0];
    void *buffer = iso_alloc((size_t)iso_shape_count(shape), e->backend->real_size);
    iso_rc rc = buffer ? ISO_OK : ISO_ENOMEM;
    e->kept = kept;
    for (int i = 0; i < ISO_DATASETS && rc == ISO_OK; i++)
        if (e->data[i].rows > 0)
            rc = keep(e, i, buffer);
    if (rc != ISO_OK && e->kept.rows == 0)
        e->kept = (struct iso_kept){ 0 };
    free(buffer);
    return rc;
}

const struct iso_kept *iso_exec_kept(const struct iso_exec *e) { return &e->kept; }
