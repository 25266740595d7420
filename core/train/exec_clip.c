/* exec_clip.c: gradient clipping, between the backward pass and the optimizer. */
#include "exec_private.h"
#include "core/ops/gradient_clipping.h"

/* The squared norm of a gradient is computed like the penalty of a regularizer with l2: 1. */
static const struct iso_regularizer squares = { .l1 = 0, .l2 = 1 };

static const struct iso_gradient_clipping *clipping_of(const struct iso_exec *e)
{
    return &e->graph->training->clipping;
}

static bool has_gradient(const struct iso_exec *e, int value)
{
    const struct iso_value *v = &e->graph->values[value];
    return v->role == ISO_ROLE_WEIGHT && v->gradient;
}

void iso_exec_count_norms(struct iso_exec *e)
{
    e->nnorms = 0;
    if (!e->options.training || !iso_clips_norm(clipping_of(e)))
        return;
    for (int i = 0; i < e->graph->nvalues; i++)
        e->nnorms += has_gradient(e, i);
}

static struct iso_call call_of(const struct iso_exec *e, enum iso_op op, const void *params)
{
    struct iso_call c = { .params = params,
                          .step_rows = e->rows,
                          .training = true,
                          .seed = e->options.seed,
                          .workspace = {
                              e->workspace, 0, ISO_U8, { 1, { (int64_t)e->workspace_bytes } } } };
    iso_ops[op].def->scalars(params, 0, c.scalars);
    return c;
}

/* Squared norms from `first` on. */
static struct iso_tensor norms(const struct iso_exec *e, int64_t first, int64_t n)
{
    return (struct iso_tensor){ e->norms, (size_t)first, ISO_REAL, { 1, { n } } };
}

/* The squared norm of gradient number k, of this value. */
static struct iso_call measure_call(const struct iso_exec *e, int value, int64_t k)
{
    struct iso_call c = call_of(e, ISO_OP_regularizer, &squares);
    c.w[0] = iso_exec_gradient(e, value);
    c.y[0] = norms(e, k, 1);
    return c;
}

static struct iso_call clip_call(const struct iso_exec *e, int value, int64_t k)
{
    const struct iso_gradient_clipping *p = clipping_of(e);
    struct iso_call c = call_of(e, ISO_OP_gradient_clipping, p);
    c.x[0] = c.y[0] = iso_exec_gradient(e, value);
    if (p->global_clipnorm > 0)
        c.x[1] = norms(e, 0, e->nnorms);
    else if (p->clipnorm > 0)
        c.x[1] = norms(e, k, 1);
    return c;
}

iso_rc iso_exec_need_clipping(struct iso_exec *e)
{
    const bool measured = e->nnorms > 0;
    for (int i = 0; iso_clips(clipping_of(e)) && i < e->graph->nvalues; i++) {
        if (!has_gradient(e, i))
            continue;
        const struct iso_call measure = measure_call(e, i, 0), clip = clip_call(e, i, 0);
        if (measured)
            ISO_TRY(iso_exec_need(e, ISO_OP_regularizer, "clipnorm", &measure, ISO_FORWARD));
        ISO_TRY(iso_exec_need(e, ISO_OP_gradient_clipping, "optimizer", &clip, ISO_FORWARD));
    }
    return ISO_OK;
}

static iso_rc run(struct iso_exec *e, enum iso_op op, const struct iso_call *c)
{
    return e->backend->kernels[op]->forward(e->backend, c);
}

iso_rc iso_exec_clip(struct iso_exec *e)
{
    const bool measured = e->nnorms > 0;
    int64_t k = 0;
    for (int i = 0; measured && i < e->graph->nvalues; i++)
        if (has_gradient(e, i)) {
            const struct iso_call c = measure_call(e, i, k++);
            ISO_TRY(run(e, ISO_OP_regularizer, &c));
        }
    k = 0;
    for (int i = 0; iso_clips(clipping_of(e)) && i < e->graph->nvalues; i++)
        if (has_gradient(e, i)) {
            const struct iso_call c = clip_call(e, i, k++);
            ISO_TRY(run(e, ISO_OP_gradient_clipping, &c));
        }
    return ISO_OK;
}
