/* exec_synchronized.c: a step whose batch normalizations have the statistics of all shards
 * (`synchronized: true`). Shards then cannot be computed one after the other from beginning to end:
 * the passes stop at each synchronized node until all shards, of all ranks, have come there. So
 * each shard keeps its values in memory of its own, a room.
 *
 * A synchronized node runs in two parts (core/ops/batch_normalization.h). Between two such nodes,
 * each shard runs in its turn, as it does without them, and what these nodes sum up for weights is
 * added at once: buckets (exec_ranks.h) end at synchronized nodes. */
#include "exec_synchronized.h"

#include <stdlib.h>

/* ---- Which nodes ----------------------------------------------------------------------------- */

static int count(const struct iso_graph *g)
{
    int n = 0;
    for (int i = 0; i < g->nnodes; i++)
        n += iso_graph_synchronizes(g, i);
    return n;
}

bool iso_exec_separates(const struct iso_exec *e, int node, int before)
{
    for (int i = before + 1; i <= node; i++)
        if (iso_graph_synchronizes(e->graph, i))
            return true;
    return false;
}

const struct iso_vector *iso_exec_vector(const struct iso_exec *e)
{
    return e->divided != NULL ? &e->divided->vector : &e->synchronized->vector;
}

iso_rc iso_exec_synchronized_new(struct iso_exec *e)
{
    const struct iso_graph *g = e->graph;
    const int n = count(g);
    if (n == 0 || !e->options.training)
        return ISO_OK;
    struct iso_synchronized *s = e->synchronized = iso_alloc(1, sizeof *s);
    if (s == NULL)
        return ISO_ENOMEM;
    s->nodes = iso_alloc((size_t)n, sizeof *s->nodes);
    if (s->nodes == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < g->nnodes; i++)
        if (iso_graph_synchronizes(g, i)) {
            s->nodes[s->nnodes++] = i;
            s->channels = iso_synchronized_channels(g, i) > s->channels
                              ? iso_synchronized_channels(g, i)
                              : s->channels;
        }
    return ISO_OK;
}

/* ---- A step ---------------------------------------------------------------------------------- */

struct walk {
    struct iso_exec *exec;
    int64_t log_row;
    iso_exec_visit *visit;
    void *self;
};

/* A visit of a node that runs forward again: with the statistics that it had the first time. */
static iso_rc visit_again(void *self, int node, enum iso_pass pass)
{
    const struct walk *w = self;
    struct iso_exec *e = w->exec;
    e->synchronized->part = iso_graph_synchronizes(e->graph, node) ? ISO_BN_REST : ISO_BN_WHOLE;
    const iso_rc rc = w->visit(w->self, node, pass);
    e->synchronized->part = ISO_BN_WHOLE;
    return rc;
}

/* Runs forward again what the first visit of a node in the backward pass needs. */
static iso_rc walk_again(const struct walk *w, int node)
{
    struct walk again = *w;
    return iso_exec_walk_again(w->exec, node, visit_again, &again);
}

static iso_rc visit(const struct walk *w, int node, enum iso_pass pass, enum iso_bn_part part)
{
    struct iso_exec *e = w->exec;
    if (!iso_exec_runs(e, node, pass))
        return ISO_OK;
    if (part == ISO_BN_REST && pass == ISO_BACKWARD && e->backward[node].dx[0].mem == NULL)
        return ISO_OK;
    e->synchronized->part = part;
    iso_rc rc = w->visit(w->self, node, pass);
    if (rc == ISO_OK && part == ISO_BN_SUMS)
        rc = iso_synchronized_take(e, node, pass, w->log_row);
    e->synchronized->part = ISO_BN_WHOLE;
    return rc;
}

/* Runs the shard in place from behind one synchronized node up to the next. */
static iso_rc forward_shard(const struct walk *w, int segment)
{
    const struct iso_synchronized *s = w->exec->synchronized;
    const int from = segment > 0 ? s->nodes[segment - 1] : w->exec->first_node - 1;
    const int to = segment < s->nnodes ? s->nodes[segment] : w->exec->graph->first_penalty;
    if (segment > 0)
        ISO_TRY(visit(w, from, ISO_FORWARD, ISO_BN_REST));
    for (int i = from + 1; i < to; i++)
        ISO_TRY(visit(w, i, ISO_FORWARD, ISO_BN_WHOLE));
    return segment < s->nnodes ? visit(w, to, ISO_FORWARD, ISO_BN_SUMS) : ISO_OK;
}

static iso_rc backward_shard(const struct walk *w, int segment)
{
    const struct iso_synchronized *s = w->exec->synchronized;
    const int from = segment < s->nnodes ? s->nodes[segment] : w->exec->graph->loss_node + 1;
    const int to = segment > 0 ? s->nodes[segment - 1] : -1;
    if (segment < s->nnodes)
        ISO_TRY(visit(w, from, ISO_BACKWARD, ISO_BN_REST));
    for (int i = from - 1; i > to; i--) {
        ISO_TRY(walk_again(w, i));
        ISO_TRY(visit(w, i, ISO_BACKWARD, ISO_BN_WHOLE));
    }
    if (segment == 0)
        return ISO_OK;
    ISO_TRY(walk_again(w, to));
    return visit(w, to, ISO_BACKWARD, ISO_BN_SUMS);
}

/* Adds what the shard in place completes, in buckets [first, end). */
static iso_rc add_buckets(struct iso_exec *e, int first, int end, int64_t log_row)
{
    const bool last = e->shard == e->tree.end - 1;
    int level = e->level;
    for (int s = e->shard - (int)e->tree.begin; level > 0 && (last || s & 1); s >>= 1, level--)
        for (int b = first; b < end; b++)
            ISO_TRY(iso_exec_add_bucket_level(e, b, level, log_row));
    return ISO_OK;
}

/* Runs one segment of all shards of a subtree, and adds buckets [first, end) of them. */
static iso_rc walk_subtree(const struct walk *w, struct iso_share shards, enum iso_pass pass,
                           int segment, int first, int end)
{
    struct iso_exec *e = w->exec;
    e->tree = shards;
    for (int s = (int)shards.begin; s < shards.end; s++) {
        ISO_TRY(iso_exec_shard(e, s));
        ISO_TRY(pass == ISO_FORWARD ? forward_shard(w, segment) : backward_shard(w, segment));
        ISO_TRY(add_buckets(e, first, end, w->log_row));
    }
    return ISO_OK;
}

/* Runs one segment of this rank's shards; buckets [first, end) are then finished, and sent. */
static iso_rc walk_segment(const struct walk *w, enum iso_pass pass, int segment, int first,
                           int end)
{
    struct iso_exec *e = w->exec;
    struct iso_share shards = { 0, e->shards }, next;
    if (!iso_exec_divides(e))
        return walk_subtree(w, shards, pass, segment, first, end);
    ISO_TRY(iso_exec_expect_buckets(e, first, end));
    bool more = iso_exec_own_subtree(e, 0, &shards);
    if (!more)
        return iso_exec_send_buckets(e, -1, first, end, true, w->log_row);
    for (int i = 0; more; i++, shards = next) {
        ISO_TRY(walk_subtree(w, shards, pass, segment, first, end));
        more = iso_exec_own_subtree(e, i + 1, &next);
        ISO_TRY(iso_exec_send_buckets(e, i, first, end, !more, w->log_row));
    }
    return ISO_OK;
}

static iso_rc walk_forward(const struct walk *w)
{
    const struct iso_synchronized *s = w->exec->synchronized;
    for (int i = 0; i <= s->nnodes; i++) {
        ISO_TRY(walk_segment(w, ISO_FORWARD, i, 0, i == s->nnodes));
        if (i < s->nnodes)
            ISO_TRY(iso_synchronized_combine(w->exec, s->nodes[i], ISO_FORWARD));
    }
    return ISO_OK;
}

static iso_rc walk_backward(const struct walk *w)
{
    const struct iso_vector *v = iso_exec_vector(w->exec);
    const struct iso_synchronized *s = w->exec->synchronized;
    for (int i = s->nnodes, first = 1, end = 1; i >= 0; i--, first = end) {
        const int stop = i > 0 ? s->nodes[i - 1] : 0;
        while (end < v->nbuckets && v->buckets[end].node >= stop)
            end++;
        ISO_TRY(walk_segment(w, ISO_BACKWARD, i, first, end));
        if (i > 0 && iso_exec_runs(w->exec, stop, ISO_BACKWARD))
            ISO_TRY(iso_synchronized_combine(w->exec, stop, ISO_BACKWARD));
    }
    return ISO_OK;
}

iso_rc iso_exec_walk_synchronized(struct iso_exec *e, int64_t log_row, iso_exec_visit *own,
                                  void *self)
{
    const struct walk w = { e, log_row, own, self };
    const bool divides = iso_exec_divides(e);
    e->synchronized->walking = true;
    iso_rc rc = divides ? iso_exec_begin_exchange(e) : ISO_OK;
    if (rc == ISO_OK)
        rc = walk_forward(&w);
    if (rc == ISO_OK)
        rc = walk_backward(&w);
    if (rc == ISO_OK && divides)
        rc = iso_exec_end_exchange(e, log_row);
    e->synchronized->walking = false;
    return rc;
}

/* ---- What is planned ------------------------------------------------------------------------- */

struct iso_exec_bytes iso_exec_synchronized_bytes(const struct iso_exec *e, int shards)
{
    const struct iso_synchronized *s = e->synchronized;
    const struct iso_ranks *ranks = e->options.ranks;
    struct iso_exec_bytes bytes = { 0, 0 };
    for (int i = 0; s != NULL && i < s->nnodes; i++) {
        const bool back = iso_exec_runs(e, s->nodes[i], ISO_BACKWARD);
        const size_t numbers =
            (back ? 2 : 1) * 2 * (size_t)iso_synchronized_channels(e->graph, s->nodes[i]);
        for (int k = 0; k < ranks->count; k++) {
            const int64_t own =
                iso_exec_first_shard(e, k + 1, shards) - iso_exec_first_shard(e, k, shards);
            if (k != ranks->rank)
                bytes.received += (uint64_t)own * numbers * sizeof(float);
            else
                bytes.sent +=
                    (uint64_t)(ranks->count - 1) * (uint64_t)own * numbers * sizeof(float);
        }
    }
    return bytes;
}
