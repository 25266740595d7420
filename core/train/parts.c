/* parts.c: which layers run forward again. */
#include "parts.h"

#include <stdlib.h>

/* Only what a gradient flows through is needed in the backward pass; what lies before it, such as
 * frozen layers whose features are kept, must not run again without its own input. */
static bool can_run_again(const struct iso_graph *g, int node)
{
    return node < g->nlayer_nodes && g->nodes[node].layer >= 0 &&
           g->values[g->nodes[node].y[0]].gradient;
}

bool iso_parts_of_model(const struct iso_graph *g, iso_parts *out)
{
    bool any = false;
    for (int i = 0; i < g->nnodes; i++) {
        out[i] = can_run_again(g, i) ? g->model->layers[g->nodes[i].layer].part - 1 : -1;
        any = any || out[i] >= 0;
    }
    return any;
}

int iso_part_begin(const struct iso_graph *g, const iso_parts *parts, int node)
{
    int begin = node + 1;
    if (parts == NULL || parts[node] < 0)
        return begin;
    for (int i = 0; i < g->nnodes; i++) {
        if (parts[i] != parts[node])
            continue;
        if (i > node)
            return node + 1;
        begin = i < begin ? i : begin;
    }
    return begin;
}

/* ---- Parts that are chosen here -------------------------------------------------------------- */

static int64_t count_of(const struct iso_graph *g, int value)
{
    return g->values[value].view_of >= 0 ? 0 : iso_shape_count(&g->values[value].shape);
}

/* Writes to through[i] the numbers that nodes behind node i read of what lies before: what is kept
 * if a part ends with node i. */
static void count_through(const struct iso_graph *g, int64_t *through)
{
    for (int i = 0; i < g->nlayer_nodes; i++) {
        const int y = iso_graph_root(g, g->nodes[i].y[0]);
        int last = i;
        for (int k = i + 1; k < g->nlayer_nodes; k++)
            for (int x = 0; x < g->nodes[k].nx; x++)
                last = iso_graph_root(g, g->nodes[k].x[x]) == y ? k : last;
        for (int k = i; k < last; k++)
            through[k] += count_of(g, y);
    }
}

/* Writes to before[i] the numbers that nodes up to node i give. */
static void count_before(const struct iso_graph *g, int64_t *before)
{
    int64_t sum = 0;
    for (int i = 0; i < g->nlayer_nodes; i++) {
        const struct iso_node *n = &g->nodes[i];
        for (int k = 0; k < n->ny; k++)
            sum += count_of(g, n->y[k]);
        for (int k = 0; k < n->nsaved; k++)
            sum += count_of(g, n->saved[k]);
        before[i] = sum;
    }
}

/* Returns the node, after `from`, with which a part ends best near the place where `wanted` numbers
 * lie before it. */
static int end_of_part(const struct iso_graph *g, const int64_t *before, const int64_t *through,
                       int from, int64_t wanted, int64_t about)
{
    int best = -1, near = from;
    for (int i = from + 1; i < g->nlayer_nodes; i++) {
        if (before[i] <= wanted)
            near = i;
        const bool close = before[i] >= wanted - about && before[i] <= wanted + about;
        if (close && (best < 0 || through[i] < through[best]))
            best = i;
    }
    return best >= 0 ? best : near;
}

iso_rc iso_parts_divide(const struct iso_graph *g, int count, int again, iso_parts *out)
{
    const size_t n = (size_t)g->nlayer_nodes;
    int64_t *before = iso_alloc(2 * n + 1, sizeof *before), *through = before + n;
    if (before == NULL)
        return ISO_ENOMEM;
    count_before(g, before);
    count_through(g, through);
    for (int i = 0; i < g->nnodes; i++)
        out[i] = -1;
    const int64_t all = n > 0 ? before[n - 1] : 0;
    for (int part = 0, from = -1, to; part < again; part++, from = to) {
        to = end_of_part(g, before, through, from, all * (part + 1) / count, all / (3 * count));
        for (int i = from + 1; i <= to; i++)
            out[i] = can_run_again(g, i) ? part : -1;
    }
    free(before);
    return ISO_OK;
}
