#include "c_steps.h"

#include "core/ops/activation.h"
#include "core/ops/separable_conv2d.h"

#include <stdlib.h>
#include <string.h>

static struct iso_c_step *add(struct iso_c_steps *s, const struct iso_graph *g,
                              const struct iso_node *n)
{
    struct iso_c_step *step = &s->list[s->n++];
    *step = (struct iso_c_step){ .op = n->op,
                                 .params = n->params,
                                 .layer = n->layer >= 0 ? g->model->layers[n->layer].name : "",
                                 .nx = n->nx,
                                 .ny = n->ny,
                                 .nw = n->nw,
                                 .nsaved = n->nsaved };
    memcpy(step->x, n->x, sizeof step->x);
    memcpy(step->y, n->y, sizeof step->y);
    memcpy(step->w, n->w, sizeof step->w);
    memcpy(step->saved, n->saved, sizeof step->saved);
    return step;
}

/* Makes params of an op that the step owns. */
static iso_rc own_params(struct iso_c_step *step, const void *params, size_t size)
{
    step->owned = iso_alloc(1, size);
    if (step->owned == NULL)
        return ISO_ENOMEM;
    memcpy(step->owned, params, size);
    step->params = step->owned;
    return ISO_OK;
}

static iso_rc add_separable(struct iso_c_steps *s, const struct iso_graph *g,
                            const struct iso_node *n)
{
    const struct iso_depthwise_conv2d depthwise = iso_separable_conv2d_depthwise(n->params);
    const struct iso_conv2d pointwise = iso_separable_conv2d_pointwise(n->params);
    struct iso_c_step *first = add(s, g, n), *second = add(s, g, n);
    first->op = ISO_OP_depthwise_conv2d;
    first->y[0] = n->saved[0];
    first->nw = 1;
    first->nsaved = second->nsaved = 0;
    second->op = ISO_OP_conv2d;
    second->x[0] = n->saved[0];
    second->nw = n->nw - ISO_SEPARABLE_POINTWISE;
    memmove(second->w, n->w + ISO_SEPARABLE_POINTWISE, (size_t)second->nw * sizeof *second->w);
    ISO_TRY(own_params(first, &depthwise, sizeof depthwise));
    return own_params(second, &pointwise, sizeof pointwise);
}

/* The activation that the loss absorbs. */
static iso_rc add_absorbed(struct iso_c_steps *s, const struct iso_graph *g,
                           const struct iso_node *n)
{
    struct iso_c_step *step = add(s, g, n);
    step->op = ISO_OP_activation;
    step->nx = step->ny = 1;
    step->nw = step->nsaved = 0;
    ISO_TRY(iso_params_default(ISO_OP_activation, &step->owned));
    ((struct iso_activation *)step->owned)->function = iso_ops[n->op].def->absorbs;
    step->params = step->owned;
    return ISO_OK;
}

static bool does_nothing(enum iso_op op)
{
    return iso_ops[op].kind == ISO_AUGMENTATION || op == ISO_OP_dropout ||
           op == ISO_OP_spatial_dropout2d || op == ISO_OP_stochastic_depth;
}

static iso_rc add_node(struct iso_c_steps *s, const struct iso_graph *g, const struct iso_node *n)
{
    if (iso_ops[n->op].kind == ISO_VIEW)
        return ISO_OK;
    if (iso_ops[n->op].kind == ISO_LOSS)
        return add_absorbed(s, g, n);
    if (n->op == ISO_OP_separable_conv2d)
        return add_separable(s, g, n);
    struct iso_c_step *step = add(s, g, n);
    step->copies = does_nothing(n->op);
    if (step->copies)
        step->nx = step->ny = 1, step->nw = step->nsaved = 0;
    return ISO_OK;
}

static bool makes_output(const struct iso_graph *g, int node)
{
    for (int k = 0; k < g->nodes[node].ny; k++)
        if (g->nodes[node].y[k] == g->output)
            return true;
    return false;
}

iso_rc iso_c_steps_make(const struct iso_graph *g, struct iso_c_steps *out)
{
    *out = (struct iso_c_steps){ .list = iso_alloc(2 * (size_t)g->nnodes, sizeof *out->list) };
    if (out->list == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < g->nlayer_nodes; i++)
        ISO_TRY(add_node(out, g, &g->nodes[i]));
    for (int i = g->nlayer_nodes; i < g->nnodes; i++)
        if (makes_output(g, i))
            ISO_TRY(add_node(out, g, &g->nodes[i]));
    return ISO_OK;
}

void iso_c_steps_free(struct iso_c_steps *s)
{
    for (int i = 0; i < s->n; i++)
        free(s->list[i].owned);
    free(s->list);
    *s = (struct iso_c_steps){ 0 };
}

static void describe(const struct iso_graph *g, int n, const int *values, struct iso_tensor *out)
{
    for (int i = 0; i < n; i++)
        if (values[i] >= 0)
            out[i] = (struct iso_tensor){ .dtype = g->values[values[i]].dtype,
                                          .shape = g->values[values[i]].shape };
}

void iso_c_step_call(const struct iso_graph *g, const struct iso_c_step *s, struct iso_call *out)
{
    const struct iso_op_def *def = iso_ops[s->op].def;
    *out = (struct iso_call){ .params = s->params, .step_rows = 1 };
    describe(g, s->nx, s->x, out->x);
    describe(g, s->ny, s->y, out->y);
    describe(g, s->nw, s->w, out->w);
    describe(g, s->nsaved, s->saved, out->saved);
    if (def->scalars != NULL)
        def->scalars(s->params, 0, out->scalars);
}
