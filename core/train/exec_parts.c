/* exec_parts.c: what runs forward again (parts.h), where the model says so or memory does not
 * suffice otherwise. */
#include "exec_private.h"
#include "core/text/number.h"

#include <stdlib.h>

/* ---- Choosing ------------------------------------------------------------------------------- */

iso_rc iso_exec_find_parts(struct iso_exec *e)
{
    if (!e->options.training || e->options.keep_all || e->options.again == ISO_AGAIN_NEVER)
        return ISO_OK;
    iso_parts *parts = iso_alloc((size_t)e->graph->nnodes, sizeof *parts);
    if (parts == NULL)
        return ISO_ENOMEM;
    if (iso_parts_of_model(e->graph, parts))
        e->parts = parts;
    else
        free(parts);
    return ISO_OK;
}

static size_t changed_bytes(const struct iso_exec *e, int node)
{
    const struct iso_graph *g = e->graph;
    const struct iso_node *n = &g->nodes[node];
    int64_t sum = 0;
    for (int i = 0; i < n->nw && iso_graph_changes(g, node); i++)
        if (n->w[i] >= 0 && (iso_ops[n->op].def->forward_changes >> i & 1))
            sum += iso_shape_count(&g->values[n->w[i]].shape);
    return (size_t)sum * e->backend->real_size;
}

/* All such nodes write their sums to the same place, where nobody reads them. */
static void count_unread(struct iso_exec *e)
{
    e->unread_bytes = 0;
    for (int i = 0; e->plan.again != NULL && i < e->graph->nnodes; i++)
        if (e->plan.again[i] && changed_bytes(e, i) > e->unread_bytes)
            e->unread_bytes = changed_bytes(e, i);
}

struct division { /* the first `again` of `count` parts; count 0: none */
    int count, again;
};
struct choice {
    struct division division;
    uint64_t bytes;
    double flops; /* flops that run again */
};

static iso_rc flops_again(const struct iso_exec *e, double *out)
{
    *out = 0;
    for (int i = 0; i < e->graph->nnodes; i++) {
        const enum iso_op op = e->graph->nodes[i].op;
        struct iso_cost cost = { 0 };
        struct iso_call c;
        ISO_TRY(iso_graph_call(e->graph, i, e->graph->shard_rows, &c));
        if (e->plan.again[i] && iso_ops[op].def->cost != NULL)
            iso_call_cost(op, &c, ISO_FORWARD, &cost);
        *out += cost.flops;
    }
    return ISO_OK;
}

/* Plans the network so divided. */
static iso_rc divide(struct iso_exec *e, struct division d, struct choice *out)
{
    out->division = d;
    ISO_TRY(iso_parts_divide(e->graph, d.count, d.again, e->parts));
    ISO_TRY(iso_exec_plan(e));
    count_unread(e);
    out->bytes = iso_exec_bytes(e);
    return flops_again(e, &out->flops);
}

static bool better(const struct choice *a, const struct choice *b, uint64_t limit)
{
    if (b->division.count == 0)
        return true;
    if ((a->bytes <= limit) != (b->bytes <= limit))
        return a->bytes <= limit;
    if (a->bytes > limit)
        return a->bytes < b->bytes;
    return a->flops < b->flops || (a->flops == b->flops && a->bytes < b->bytes);
}

static iso_rc consider(struct iso_exec *e, struct division d, uint64_t limit, struct choice *best,
                       bool *fits)
{
    struct choice now;
    ISO_TRY(divide(e, d, &now));
    *fits = now.bytes <= limit;
    if (better(&now, best, limit))
        *best = now;
    return ISO_OK;
}

/* Looks for the fewest of `count` parts that suffice: first whether all do. */
static iso_rc search(struct iso_exec *e, int count, uint64_t limit, struct choice *best)
{
    int few = 0, many = count;
    bool fits;
    ISO_TRY(consider(e, (struct division){ count, count }, limit, best, &fits));
    ISO_TRY(consider(e, (struct division){ count, count - 1 }, limit, best, &fits));
    many -= fits;
    while (fits && many - few > 1) {
        const int middle = (few + many) / 2;
        bool enough;
        ISO_TRY(consider(e, (struct division){ count, middle }, limit, best, &enough));
        *(enough ? &many : &few) = middle;
    }
    return ISO_OK;
}

/* Chooses what runs again: as little as possible within the limit, or else what needs the least
 * memory. */
static iso_rc choose(struct iso_exec *e, uint64_t limit, struct choice *best)
{
    static const int counts[] = { 2, 3, 4, 6, 8, 12, 16, 24, 32, 48 };
    *best = (struct choice){ .division = { 0, 0 } };
    if (e->parts == NULL)
        e->parts = iso_alloc((size_t)e->graph->nnodes, sizeof *e->parts);
    if (e->parts == NULL)
        return ISO_ENOMEM;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i] == 2 || counts[i] <= e->graph->nlayer_nodes)
            ISO_TRY(search(e, counts[i], limit, best));
    return divide(e, best->division, best);
}

iso_rc iso_exec_fit_memory(struct iso_exec *e)
{
    const bool most = e->options.again == ISO_AGAIN_MOST,
               none = e->options.again == ISO_AGAIN_NEVER;
    const uint64_t limit = most ? 0 : (uint64_t)e->graph->model->memory;
    struct choice best;
    char text[40];
    count_unread(e);
    if (!e->options.training || e->options.keep_all || none ||
        (!most && (limit == 0 || iso_exec_bytes(e) <= limit)))
        return ISO_OK;
    ISO_TRY(choose(e, limit, &best));
    if (most || best.bytes <= limit)
        return ISO_OK;
    e->too_large = true;
    return iso_fail(ISO_ENOMEM,
                    "`train: {memory: %s}` does not suffice: even if layers run forward again in "
                    "the backward pass, training needs %.1f MiB",
                    iso_number_bytes_text((int64_t)limit, text, sizeof text),
                    (double)best.bytes / 1048576);
}

/* ---- Running -------------------------------------------------------------------------------- */

iso_rc iso_exec_walk_again(struct iso_exec *e, int node, iso_exec_visit *visit, void *self)
{
    iso_rc rc = ISO_OK;
    if (e->parts == NULL)
        return ISO_OK;
    for (int i = iso_part_begin(e->graph, e->parts, node); i <= node && rc == ISO_OK; i++) {
        e->again = e->parts[i] == e->parts[node] && e->plan.again[i];
        rc = e->again ? visit(self, i, ISO_FORWARD) : ISO_OK;
    }
    e->again = false;
    return rc;
}

void iso_exec_place_unread(const struct iso_exec *e, int node, struct iso_call *c)
{
    const struct iso_node *n = &e->graph->nodes[node];
    size_t at = 0;
    if (!c->training || !iso_graph_changes(e->graph, node))
        return;
    for (int i = 0; i < n->nw; i++) {
        if (n->w[i] < 0 || !(iso_ops[n->op].def->forward_changes >> i & 1))
            continue;
        c->dw[i] = c->w[i];
        c->dw[i].mem = e->unread;
        c->dw[i].offset = at;
        at += (size_t)iso_shape_count(&c->w[i].shape);
    }
}
