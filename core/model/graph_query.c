/* graph_query.c: what the files that use a graph ask of it. */
#include "graph.h"

#include <string.h>

bool iso_graph_has_backward(const struct iso_graph *g, int node)
{
    return node <= g->loss_node || iso_ops[g->nodes[node].op].kind == ISO_PENALTY;
}

int64_t iso_graph_parameters(const struct iso_graph *graph, bool trainable)
{
    int64_t sum = 0;
    for (int i = 0; i < graph->nvalues; i++)
        if (graph->values[i].role == ISO_ROLE_WEIGHT && (graph->values[i].trainable || !trainable))
            sum += iso_shape_count(&graph->values[i].shape);
    return sum;
}

int iso_graph_root(const struct iso_graph *g, int value)
{
    return g->values[value].view_of >= 0 ? g->values[value].view_of : value;
}

int iso_graph_find(const struct iso_graph *g, const char *name)
{
    for (int i = 0; i < g->nvalues; i++)
        if (strcmp(g->values[i].name, name) == 0)
            return i;
    return -1;
}

static void set_tensor(const struct iso_graph *g, int value, int64_t rows, struct iso_tensor *out)
{
    const struct iso_value *v = &g->values[value];
    out->dtype = v->dtype;
    out->shape = v->shape;
    if (v->batched)
        out->shape.dim[0] = rows;
}

iso_rc iso_graph_call(const struct iso_graph *g, int index, int64_t rows, struct iso_call *out)
{
    const struct iso_node *n = &g->nodes[index];
    const bool augments = iso_ops[n->op].kind == ISO_AUGMENTATION;
    *out = (struct iso_call){ .params = n->params,
                              .step_rows = rows,
                              .layer = (uint32_t)(augments       ? n->augmentation
                                                  : n->layer < 0 ? 0
                                                                 : n->layer) };
    for (int i = 0; i < n->nx; i++)
        set_tensor(g, n->x[i], rows, &out->x[i]);
    for (int i = 0; i < n->ny; i++)
        set_tensor(g, n->y[i], rows, &out->y[i]);
    for (int i = 0; i < n->nw; i++)
        if (n->w[i] >= 0)
            set_tensor(g, n->w[i], rows, &out->w[i]);
    for (int i = 0; i < n->nsaved; i++)
        set_tensor(g, n->saved[i], rows, &out->saved[i]);
    return ISO_OK;
}
