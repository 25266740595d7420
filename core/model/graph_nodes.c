/* graph_nodes.c: nodes of a graph, with the values they make and the weights they hold. */
#include "graph_build.h"

#include <stdio.h>
#include <string.h>

static void set_name(char *out, const char *layer, const char *value)
{
    snprintf(out, ISO_NAME, "%.*s/%s", ISO_NAME - 24, layer, value);
}

int iso_graph_add_value(struct iso_graph *g, enum iso_role role, enum iso_dtype dtype,
                        const struct iso_shape *shape, int layer)
{
    struct iso_value *v = &g->values[g->nvalues];
    v->role = role;
    v->dtype = dtype;
    v->shape = *shape;
    v->batched = role != ISO_ROLE_WEIGHT && role != ISO_ROLE_SCALAR;
    v->layer = layer;
    v->view_of = -1;
    return g->nvalues++;
}

static const struct iso_shape *input_shapes(const struct iso_graph *g, const int *x, int nx,
                                            struct iso_shape *out)
{
    for (int i = 0; i < nx; i++)
        out[i] = g->values[x[i]].shape;
    return out;
}

static const void *param_at(const struct iso_node *node, size_t offset)
{
    return (const char *)node->params + offset;
}

/* Returns the penalty on a trained weight; NULL for none. */
static const struct iso_regularizer *regularizer_of(const struct iso_node *node,
                                                    const struct iso_weight_def *w)
{
    const struct iso_regularizer *r = w->regularizer > 0 ? param_at(node, w->regularizer) : NULL;
    return r != NULL && (r->l1 > 0 || r->l2 > 0) ? r : NULL;
}

static void add_weights(struct iso_graph *g, struct iso_node *node, const struct iso_shapes *s,
                        const char *layer_name)
{
    const struct iso_op_def *def = iso_ops[node->op].def;
    const struct iso_training *t = g->training;
    const bool unfrozen = t->unfreezes && node->layer >= t->first_unfrozen;
    const bool frozen = s->nw > 0 && g->model->layers[node->layer].frozen && !unfrozen;
    node->inference = frozen && def->forward_changes != 0;
    for (int i = 0; i < s->nw; i++) {
        const struct iso_weight_def *w = &def->weights[i];
        node->w[i] = -1;
        if (s->w[i].ndim == 0)
            continue;
        const int id = iso_graph_add_value(g, ISO_ROLE_WEIGHT, ISO_REAL, &s->w[i], node->layer);
        struct iso_value *v = &g->values[id];
        set_name(v->name, layer_name, w->name);
        v->trainable = v->gradient = w->trainable && !frozen;
        v->initializer = param_at(node, w->initializer);
        v->regularizer = v->trainable ? regularizer_of(node, w) : NULL;
        v->weight = i;
        node->w[i] = id;
    }
    node->nw = s->nw;
}

static void add_saved(struct iso_graph *g, struct iso_node *node, const struct iso_shapes *s,
                      const char *layer_name)
{
    const char *const *names = iso_ops[node->op].def->saved;
    for (int i = 0; i < s->nsaved; i++) {
        node->saved[i] =
            iso_graph_add_value(g, ISO_ROLE_SAVED, s->saved_dtype[i], &s->saved[i], node->layer);
        set_name(g->values[node->saved[i]].name, layer_name, names != NULL ? names[i] : "saved");
        g->values[node->saved[i]].batched = !s->saved_whole[i];
    }
    node->nsaved = s->nsaved;
}

/* A gradient flows to y when one flows to an input or a weight is trained. */
static bool wants_gradient(const struct iso_graph *g, const struct iso_node *node)
{
    for (int i = 0; i < node->nx; i++)
        if (g->values[node->x[i]].gradient)
            return true;
    for (int i = 0; i < node->nw; i++)
        if (node->w[i] >= 0 && g->values[node->w[i]].gradient)
            return true;
    return false;
}

iso_rc iso_graph_add_node(struct iso_graph *g, enum iso_op op, const void *params, int layer,
                          const char *layer_name, const char *result, const int *x, int nx, int *y)
{
    struct iso_shape in[ISO_OPERANDS] = { 0 };
    struct iso_shapes s = { 0 };
    ISO_TRY(iso_ops[op].def->infer(params, input_shapes(g, x, nx, in), &s));
    struct iso_node *node = &g->nodes[g->nnodes++];
    *node = (struct iso_node){ .op = op, .params = params, .layer = layer, .nx = nx, .ny = s.ny };
    memcpy(node->x, x, (size_t)nx * sizeof *x);
    add_weights(g, node, &s, layer_name);
    add_saved(g, node, &s, layer_name);
    for (int i = 0; i < s.ny; i++)
        node->y[i] = iso_graph_add_value(g, ISO_ROLE_VALUE, s.y_dtype[i], &s.y[i], layer);
    struct iso_value *first = &g->values[node->y[0]];
    set_name(first->name, layer_name, result);
    first->gradient = iso_ops[op].kind != ISO_LOSS && wants_gradient(g, node);
    if (iso_ops[op].kind == ISO_VIEW)
        first->view_of = g->values[x[0]].view_of >= 0 ? g->values[x[0]].view_of : x[0];
    *y = node->y[0];
    return ISO_OK;
}

int iso_layer_activation(const struct iso_layer *layer)
{
    for (const struct iso_field *f = iso_ops[layer->op].def->fields; f != NULL && f->key != NULL;
         f++)
        if (f->type == ISO_FIELD_ACTIVATION)
            return *(const int *)(const void *)((const char *)layer->params + f->offset);
    return ISO_LINEAR;
}

bool iso_layer_is(const struct iso_layer *layer, int function)
{
    return layer->op == ISO_OP_activation &&
           ((const struct iso_activation *)layer->params)->function == function;
}
