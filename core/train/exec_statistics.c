/* exec_statistics.c: a synchronized node runs in two parts (core/ops/batch_normalization.h);
 * between them, the sums of all shards, of all ranks, become the statistics of the step. */
#include "exec_synchronized.h"
#include "synchronized_sums.h"

int64_t iso_synchronized_channels(const struct iso_graph *g, int node)
{
    return g->values[g->nodes[node].w[ISO_BN_MOVING_MEAN]].shape.dim[0];
}

/* ---- A call in two parts --------------------------------------------------------------------- */

/* Returns row `which` of what there is for second parts. */
static struct iso_tensor given(const struct iso_exec *e, int node, int which)
{
    const struct iso_synchronized *s = e->synchronized;
    return (struct iso_tensor){ s->given,
                                (size_t)(which * s->channels),
                                ISO_REAL,
                                { 1, { iso_synchronized_channels(e->graph, node) } } };
}

/* Returns row 0 or 1 of what the second part of a node's pass is given. */
static struct iso_tensor given_to(const struct iso_exec *e, int node, enum iso_pass pass, int which)
{
    int number = 0;
    while (e->synchronized->nodes[number] != node)
        number++;
    return given(e, node, pass == ISO_FORWARD ? 4 + 2 * number + which : which);
}

void iso_exec_place_part(const struct iso_exec *e, int node, enum iso_pass pass, struct iso_call *c)
{
    const enum iso_bn_part part = e->synchronized->part;
    if (part == ISO_BN_WHOLE || !iso_graph_synchronizes(e->graph, node))
        return;
    if (pass == ISO_FORWARD && part == ISO_BN_REST) {
        c->training = false;
        c->w[ISO_BN_MOVING_MEAN] = given_to(e, node, pass, 0);
        c->w[ISO_BN_MOVING_VARIANCE] = given_to(e, node, pass, 1);
        c->dw[ISO_BN_MOVING_MEAN].mem = c->dw[ISO_BN_MOVING_VARIANCE].mem = NULL;
    } else if (pass == ISO_BACKWARD && part == ISO_BN_SUMS) {
        c->dx[0].mem = NULL;
        for (int i = ISO_BN_GAMMA; i <= ISO_BN_BETA; i++)
            if (c->dw[i].mem == NULL)
                c->dw[i] = given(e, node, 2 + i);
    } else if (pass == ISO_BACKWARD) {
        c->dw[ISO_BN_GAMMA].mem = c->dw[ISO_BN_BETA].mem = NULL;
        c->saved[ISO_BN_OFFSET] = given_to(e, node, pass, 0);
        c->saved[ISO_BN_SLOPE] = given_to(e, node, pass, 1);
    }
}

/* ---- The sums of all shards ------------------------------------------------------------------ */

static iso_rc read_numbers(struct iso_exec *e, const struct iso_tensor *t, void *numbers)
{
    const size_t size = e->backend->real_size;
    return e->backend->ops->read(e->backend, t->mem, t->offset * size, numbers,
                                 (size_t)t->shape.dim[0] * size);
}

iso_rc iso_synchronized_take(struct iso_exec *e, int node, enum iso_pass pass, int64_t log_row)
{
    struct iso_synchronized *s = e->synchronized;
    const int first = pass == ISO_FORWARD ? ISO_BN_MOVING_MEAN : ISO_BN_GAMMA;
    const size_t bytes = (size_t)iso_synchronized_channels(e->graph, node) * e->backend->real_size;
    struct iso_call c;
    iso_exec_call(e, node, pass, true, 0, log_row, &c);
    for (int i = 0; i < 2; i++)
        ISO_TRY(read_numbers(e, &c.dw[first + i], s->numbers + (size_t)(2 * e->shard + i) * bytes));
    return ISO_OK;
}

/* Gives the numbers of this rank's shards to all. */
static iso_rc share_numbers(struct iso_exec *e, int node)
{
    struct iso_synchronized *s = e->synchronized;
    if (!iso_exec_divides(e))
        return ISO_OK;
    struct iso_ranks *ranks = e->options.ranks;
    const size_t bytes =
        2 * (size_t)iso_synchronized_channels(e->graph, node) * e->backend->real_size;
    for (int i = 0; i <= ranks->count; i++)
        s->at[i] = bytes * (size_t)iso_exec_first_shard(e, i, e->shards);
    return iso_ranks_complete(ranks, s->numbers, s->at);
}

static struct iso_shard_sums sums_of(const struct iso_exec *e, int node)
{
    const struct iso_graph *g = e->graph;
    const int64_t last = e->batch.rows - (e->shards - 1) * g->shard_rows;
    struct iso_shape x = g->values[g->nodes[node].x[0]].shape;
    const int64_t each = iso_bn_rows(&x).per_image;
    return (struct iso_shard_sums){ e->synchronized->numbers,
                                    iso_synchronized_channels(g, node),
                                    e->shards,
                                    (int)g->shards,
                                    (double)(g->shard_rows * each),
                                    (double)(last * each),
                                    (double)(e->batch.rows * each) };
}

static iso_rc write_numbers(struct iso_exec *e, const struct iso_tensor *t, const void *numbers)
{
    const size_t size = e->backend->real_size;
    return e->backend->ops->write(e->backend, t->mem, t->offset * size, numbers,
                                  (size_t)t->shape.dim[0] * size);
}

/* Writes two rows of numbers to two tensors, and waits, since the numbers change again. */
static iso_rc write_both(struct iso_exec *e, const struct iso_tensor *a, const struct iso_tensor *b,
                         const uint8_t *numbers)
{
    const size_t bytes = (size_t)a->shape.dim[0] * e->backend->real_size;
    ISO_TRY(write_numbers(e, a, numbers));
    ISO_TRY(write_numbers(e, b, numbers + bytes));
    return e->backend->ops->sync(e->backend);
}

iso_rc iso_synchronized_combine(struct iso_exec *e, int node, enum iso_pass pass)
{
    struct iso_synchronized *s = e->synchronized;
    ISO_TRY(share_numbers(e, node));
    const bool wide = e->backend->real_size == sizeof(double);
    const struct iso_shard_sums sums = sums_of(e, node);
    const struct iso_tensor a = given_to(e, node, pass, 0), b = given_to(e, node, pass, 1);
    if (pass == ISO_BACKWARD) {
        const struct iso_tensor inverse = e->second[node].saved[ISO_BN_INVERSE];
        if (e->shard >= 0)
            ISO_TRY(read_numbers(e, &inverse, s->inverse));
        (wide ? iso_synchronize_gradients_double : iso_synchronize_gradients)(&sums, s->inverse,
                                                                              s->terms);
        return write_both(e, &a, &b, s->terms);
    }
    struct iso_call c = e->forward[node];
    iso_exec_place_statistics(e, node, 0, &c);
    (wide ? iso_synchronize_statistics_double : iso_synchronize_statistics)(&sums, s->total,
                                                                            s->terms);
    ISO_TRY(write_both(e, &c.dw[ISO_BN_MOVING_MEAN], &c.dw[ISO_BN_MOVING_VARIANCE], s->total));
    return write_both(e, &a, &b, s->terms);
}
