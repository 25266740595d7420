/* plan_lifetimes.c: when each value is needed. Node i runs forward at time i; the times of backward
 * passes follow, from the last node to the first; and before the backward pass of a part's last
 * node (parts.h), its nodes have times at which they run forward again.
 *
 * A value that a part computes again has two lives. The first ends with the last forward pass that
 * reads it. A value that something behind the part needs later is kept until then, and for the
 * part's own backward pass, too. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

int iso_plan_late_extent(const struct iso_graph *g, const struct iso_plan *p,
                         const iso_parts *parts, int node, int value)
{
    const bool late = p->late != NULL && p->late[value] >= 0 && p->late[value] == parts[node];
    return late ? g->nvalues + value : value;
}

struct lives {
    const struct iso_graph *graph;
    const struct iso_plan_options *options;
    struct iso_plan *plan;
    int *backward, *again; /* times, by node */
    int end;               /* the last time */
    bool *needed;          /* values whose second life somebody needs */
};

/* ---- Times --------------------------------------------------------------------------------- */

static void set_times(struct lives *l)
{
    const int n = l->graph->nnodes;
    const iso_parts *parts = l->options->parts;
    int time = n;
    for (int i = n - 1; i >= 0; i--) {
        for (int k = iso_part_begin(l->graph, parts, i); k <= i; k++)
            if (parts[k] == parts[i])
                l->again[k] = time++;
        l->backward[i] = time++;
    }
    l->end = time - 1;
}

static void use(struct iso_arena *a, int extent, int time)
{
    struct iso_extent *e = &a->extents[extent];
    if (time < e->first)
        e->first = time;
    if (time > e->last)
        e->last = time;
}

/* ---- What a kernel reads and writes ---------------------------------------------------------- */

enum { MOST_VALUES = 4 * ISO_OPERANDS + 2 };
struct list { /* values, none of them a view */
    int value[MOST_VALUES], n;
};

static void add(const struct iso_graph *g, struct list *l, int value)
{
    l->value[l->n++] = iso_graph_root(g, value);
}

static struct iso_fusion fusion_of(const struct lives *l, int node)
{
    const struct iso_fusion *all = l->options->fusions;
    return all != NULL ? all[node]
                       : (struct iso_fusion){ .last = node, .addend = -1, .before = -1 };
}

static struct list forward_reads(const struct lives *l, int node)
{
    const struct iso_node *n = &l->graph->nodes[node];
    const struct iso_fusion f = fusion_of(l, node);
    struct list out = { .n = 0 };
    for (int i = 0; i < n->nx; i++)
        add(l->graph, &out, n->x[i]);
    if (f.last > node && f.addend >= 0)
        add(l->graph, &out, f.addend);
    return out;
}

static struct list forward_writes(const struct lives *l, int node)
{
    const struct iso_node *n = &l->graph->nodes[node];
    const struct iso_fusion f = fusion_of(l, node);
    struct list out = { .n = 0 };
    for (int i = 0; i < n->ny; i++)
        add(l->graph, &out, n->y[i]);
    for (int i = 0; i < n->nsaved; i++)
        add(l->graph, &out, n->saved[i]);
    if (f.last > node)
        add(l->graph, &out, l->graph->nodes[f.last].y[0]);
    return out;
}

/* The values that a node's backward pass reads besides gradients and weights. */
static struct list backward_reads(const struct lives *l, int node)
{
    const struct iso_graph *g = l->graph;
    const struct iso_node *n = &g->nodes[node];
    const struct iso_fusion f = fusion_of(l, node);
    const unsigned uses = iso_op_backward_uses(n->op, n->params);
    const bool runs = l->options->training && !f.joined_backward;
    struct list out = { .n = 0 };
    for (int i = 0; runs && (uses & ISO_USES_X) && i < n->nx; i++)
        add(g, &out, n->x[i]);
    for (int i = 0; runs && (uses & ISO_USES_Y) && i < n->ny; i++)
        add(g, &out, n->y[i]);
    for (int i = 0; runs && i < n->nsaved; i++)
        add(g, &out, n->saved[i]);
    if (f.backward)
        add(g, &out, g->nodes[f.last].y[0]);
    if (f.before >= 0)
        add(g, &out, g->nodes[f.before].y[0]);
    return out;
}

/* Keeps alive the gradients that a node's backward pass reads and writes. */
static void use_gradients(const struct lives *l, int node)
{
    const struct iso_graph *g = l->graph;
    const struct iso_node *n = &g->nodes[node];
    const struct iso_fusion f = fusion_of(l, node);
    struct iso_arena *gradients = &l->plan->gradients;
    const int time = l->backward[node];
    const bool runs = l->options->training && !f.joined_backward;
    for (int i = 0; runs && i < n->nx; i++)
        if (g->values[n->x[i]].gradient)
            use(gradients, iso_graph_root(g, n->x[i]), time);
    for (int i = 0; runs && i < n->ny; i++)
        if (g->values[n->y[i]].gradient)
            use(gradients, iso_graph_root(g, n->y[i]), time);
    if (f.backward)
        use(gradients, iso_graph_root(g, g->nodes[f.last].y[0]), time);
    if (f.backward && f.addend >= 0)
        use(gradients, iso_graph_root(g, f.addend), time);
    if (f.before >= 0)
        use(gradients, iso_graph_root(g, g->nodes[f.before].x[0]), time);
}

/* ---- Second lives --------------------------------------------------------------------------- */

static void use_late(const struct lives *l, int node, int value, int time)
{
    use(&l->plan->values, iso_plan_late_extent(l->graph, l->plan, l->options->parts, node, value),
        time);
}

static bool is_late(const struct lives *l, int node, int value)
{
    return iso_plan_late_extent(l->graph, l->plan, l->options->parts, node, value) != value;
}

static bool runs_forward(const struct lives *l, int node)
{
    return !fusion_of(l, node).joined && iso_ops[l->graph->nodes[node].op].kind != ISO_VIEW;
}

/* Gives the values of a node's results a second life, unless they are kept for others. */
static void set_late(const struct lives *l, int node)
{
    const struct list written = forward_writes(l, node);
    for (int i = 0; i < written.n && runs_forward(l, node); i++) {
        const int value = written.value[i];
        if (l->plan->values.extents[value].last < l->graph->nnodes)
            l->plan->late[value] = l->options->parts[node];
    }
}

static void need(const struct lives *l, int node, const struct list *values)
{
    for (int i = 0; i < values->n; i++)
        l->needed[values->value[i]] = l->needed[values->value[i]] ||
                                      is_late(l, node, values->value[i]);
}

/* Lets a node run again if somebody needs its results; what it reads is then needed, too. */
static void run_again(const struct lives *l, int node)
{
    const struct list written = forward_writes(l, node), read = forward_reads(l, node);
    bool *again = &l->plan->again[node];
    for (int i = 0; i < written.n; i++)
        *again = *again || (runs_forward(l, node) && l->needed[written.value[i]]);
    if (!*again)
        return;
    need(l, node, &read);
    for (int i = 0; i < read.n; i++)
        use_late(l, node, read.value[i], l->again[node]);
    for (int i = 0; i < written.n; i++)
        use_late(l, node, written.value[i], l->again[node]);
}

/* Keeps alive what a part needs before the backward pass of its last node. */
static void use_part(const struct lives *l, int begin, int last)
{
    const iso_parts *parts = l->options->parts;
    for (int i = begin; i <= last; i++)
        if (parts[i] == parts[last])
            set_late(l, i);
    for (int i = begin; i <= last; i++) {
        const struct list read = backward_reads(l, i);
        if (parts[i] == parts[last])
            need(l, i, &read);
    }
    for (int i = last; i >= begin; i--)
        if (parts[i] == parts[last])
            run_again(l, i);
}

/* ---- Both passes ---------------------------------------------------------------------------- */

static void use_forward(const struct lives *l)
{
    for (int i = 0; i < l->graph->nnodes; i++) {
        const struct list read = forward_reads(l, i), written = forward_writes(l, i);
        for (int k = 0; k < read.n; k++)
            use(&l->plan->values, read.value[k], i);
        for (int k = 0; k < written.n; k++)
            use(&l->plan->values, written.value[k], i);
    }
}

/* The batch is written before the step and the result read after it. */
static void use_outside(const struct lives *l)
{
    const struct iso_graph *g = l->graph;
    const int outside[] = { g->input, g->target, g->output, g->sample_weight,
                            l->options->readable };
    for (int i = 0; i < 5; i++) {
        if (outside[i] < 0)
            continue;
        use(&l->plan->values, iso_graph_root(g, outside[i]), 0);
        use(&l->plan->values, iso_graph_root(g, outside[i]), l->end);
    }
}

static void use_backward(const struct lives *l)
{
    for (int i = l->graph->nnodes - 1; i >= 0; i--) {
        const struct list read = backward_reads(l, i);
        const int begin = iso_part_begin(l->graph, l->options->parts, i);
        if (begin <= i)
            use_part(l, begin, i);
        for (int k = 0; k < read.n; k++)
            use_late(l, i, read.value[k], l->backward[i]);
        use_gradients(l, i);
    }
}

static void begin_lives(const struct lives *l)
{
    struct iso_arena *const arenas[] = { &l->plan->values, &l->plan->gradients };
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < arenas[i]->nextents; k++) {
            arenas[i]->extents[k].first = l->options->keep_all ? 0 : l->end + 1;
            arenas[i]->extents[k].last = l->options->keep_all ? l->end : -1;
        }
}

/* A second life is as large as the first, if anybody lives it. */
static void set_late_sizes(const struct lives *l)
{
    struct iso_extent *e = l->plan->values.extents;
    const int n = l->graph->nvalues;
    for (int i = 0; l->plan->late != NULL && i < n; i++)
        if (e[n + i].first <= e[n + i].last)
            e[n + i].bytes = e[i].bytes;
        else
            l->plan->late[i] = -1;
}

iso_rc iso_plan_set_lifetimes(const struct iso_graph *g, const struct iso_plan_options *o,
                              struct iso_plan *p)
{
    const size_t n = (size_t)g->nnodes, values = (size_t)g->nvalues;
    struct lives l = { .graph = g, .options = o, .plan = p };
    l.backward = iso_alloc(2 * n + 1, sizeof *l.backward);
    l.needed = iso_alloc(values + 1, sizeof *l.needed);
    p->late = o->parts != NULL ? iso_alloc(values + 1, sizeof *p->late) : NULL;
    p->again = o->parts != NULL ? iso_alloc(n + 1, sizeof *p->again) : NULL;
    const bool made = l.backward != NULL && l.needed != NULL &&
                      (o->parts == NULL || (p->late != NULL && p->again != NULL));
    if (made) {
        l.again = l.backward + n;
        for (size_t i = 0; p->late != NULL && i < values; i++)
            p->late[i] = -1;
        set_times(&l);
        begin_lives(&l);
        use_forward(&l);
        use_outside(&l);
        use_backward(&l);
        set_late_sizes(&l);
    }
    free(l.backward);
    free(l.needed);
    return made ? ISO_OK : ISO_ENOMEM;
}
