/* fusion.c: finds the nodes that a kernel can run besides its own op. */
#include "fusion.h"
#include "core/ops/activation.h"

struct search {
    const struct iso_graph *graph;
    struct iso_backend *backend;
    const struct iso_fusion_options *options;
    struct iso_fusion *out;
};

/* Returns how often kernels read a value, views of it included. */
static int readers(const struct iso_graph *g, int value)
{
    int n = 0;
    for (int i = 0; i < g->nnodes; i++)
        for (int k = 0; k < g->nodes[i].nx && iso_ops[g->nodes[i].op].kind != ISO_VIEW; k++)
            n += iso_graph_root(g, g->nodes[i].x[k]) == value;
    return n;
}

/* The node behind node i, if it is a layer of this op and nobody else wants what i gives; NULL. */
static const struct iso_node *next_of(const struct search *s, int i, enum iso_op op)
{
    const struct iso_graph *g = s->graph;
    const int y = g->nodes[i].y[0];
    return i + 1 < g->nlayer_nodes && g->nodes[i + 1].op == op && readers(g, y) == 1 &&
                   y != s->options->readable
               ? &g->nodes[i + 1]
               : NULL;
}

/* Returns the other operand of the add that follows node i, or -1 if there is no such add. A kernel
 * takes only one further value, which must not be an input of the node itself: the gradients of
 * both would be written in one pass. */
static int addend_of(const struct search *s, int i)
{
    const struct iso_graph *g = s->graph;
    const struct iso_node *add = next_of(s, i, ISO_OP_add);
    const int y = g->nodes[i].y[0];
    if (add == NULL || add->nx != 2 || (add->x[0] == y) == (add->x[1] == y))
        return -1;
    const int other = add->x[add->x[0] == y ? 1 : 0];
    for (int k = 0; k < g->nodes[i].nx; k++)
        if (iso_graph_root(g, g->nodes[i].x[k]) == iso_graph_root(g, other))
            return -1;
    return other;
}

/* Returns the activation that follows node i, unless its backward pass reads the node's result;
 * NULL if there is none. */
static const struct iso_activation *activation_of(const struct search *s, int i)
{
    const struct iso_node *next = next_of(s, i, ISO_OP_activation);
    if (next == NULL || next->x[0] != s->graph->nodes[i].y[0])
        return NULL;
    const struct iso_activation *a = next->params;
    const bool read_back = iso_op_backward_uses(next->op, next->params) & ISO_USES_X;
    return !iso_act_of_rows(a->function) && !(s->options->training && read_back) ? a : NULL;
}

static void mark(const struct search *s, int node)
{
    const struct iso_fusion *f = &s->out[node];
    for (int i = node; i < f->last; i++) {
        s->out[i].absent = true;
        s->out[i].absent_gradient = f->backward;
        s->out[i + 1].joined = true;
        s->out[i + 1].joined_backward = f->backward;
    }
}

static void fuse(const struct search *s, int node)
{
    const struct iso_kernel *k = s->backend->kernels[s->graph->nodes[node].op];
    struct iso_fusion *f = &s->out[node];
    if (k == NULL || f->joined || iso_graph_synchronizes(s->graph, node))
        return;
    f->addend = k->fuses_add ? addend_of(s, node) : -1;
    f->last += f->addend >= 0;
    f->activation = k->fuses_activation ? activation_of(s, f->last) : NULL;
    f->last += f->activation != NULL;
    f->backward = s->options->training && f->last > node && k->fuses_gradient != NULL &&
                  k->fuses_gradient(f->activation);
    mark(s, node);
}

/* Returns the node of the elementwise activation that gives the input of node i, if i alone reads
 * it, and its gradient needs no more than its result; -1 if there is none. */
static int activation_before(const struct search *s, int i)
{
    const struct iso_graph *g = s->graph;
    const int x = iso_graph_root(g, g->nodes[i].x[0]);
    for (int k = 0; k < i; k++) {
        const struct iso_node *n = &g->nodes[k];
        if (n->op != ISO_OP_activation || n->y[0] != x)
            continue;
        const struct iso_activation *a = n->params;
        const bool simple = !iso_act_of_rows(a->function) &&
                            !(iso_op_backward_uses(n->op, n->params) & ISO_USES_X);
        const bool alone = readers(g, x) == 1 && readers(g, iso_graph_root(g, n->x[0])) == 1;
        return simple && alone && iso_graph_has_backward(g, k) && g->values[x].gradient ? k : -1;
    }
    return -1;
}

static void fuse_before(const struct search *s, int node)
{
    const struct iso_kernel *k = s->backend->kernels[s->graph->nodes[node].op];
    struct iso_fusion *f = &s->out[node];
    if (k == NULL || !k->fuses_x_activation || f->joined ||
        iso_graph_synchronizes(s->graph, node) || !iso_graph_has_backward(s->graph, node))
        return;
    const int before = activation_before(s, node);
    if (before < 0 || s->out[before].joined_backward)
        return;
    f->before = before;
    s->out[before].joined_backward = true;
    s->out[before].absent_gradient = true;
}

void iso_fusions_find(const struct iso_graph *g, struct iso_backend *b,
                      const struct iso_fusion_options *o, struct iso_fusion *out)
{
    const struct search s = { g, b, o, out };
    for (int i = 0; i < g->nnodes; i++)
        out[i] = (struct iso_fusion){ .last = i, .addend = -1, .before = -1 };
    for (int i = 0; o != NULL && i < g->nlayer_nodes; i++)
        fuse(&s, i);
    for (int i = 0; o != NULL && o->training && i < g->nlayer_nodes; i++)
        fuse_before(&s, i);
}
