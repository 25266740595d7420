/* exec_decay.c: weight decay, between the backward pass and the optimizer. A weight w becomes
 * w - rate w, which is a step of sgd whose gradient is the weight itself. */
#include "exec_private.h"
#include "core/ops/sgd.h"

static bool decays(const struct iso_exec *e, int value)
{
    const struct iso_value *v = &e->graph->values[value];
    return v->role == ISO_ROLE_WEIGHT && v->gradient &&
           iso_weight_decays(&e->graph->training->decay, &v->shape);
}

static struct iso_call call_of(const struct iso_exec *e, int value, const struct iso_sgd *p)
{
    struct iso_call c = { .params = p, .step_rows = e->rows, .training = true };
    c.w[0] = c.dw[0] = iso_exec_value(e, value);
    iso_ops[ISO_OP_sgd].def->scalars(p, 0, c.scalars);
    return c;
}

iso_rc iso_exec_need_decay(struct iso_exec *e)
{
    const struct iso_sgd p = { .learning_rate = 1 };
    for (int i = 0; i < e->graph->nvalues; i++)
        if (decays(e, i)) {
            const struct iso_call c = call_of(e, i, &p);
            ISO_TRY(iso_exec_need(e, ISO_OP_sgd, "weight_decay", &c, ISO_UPDATE));
        }
    return ISO_OK;
}

iso_rc iso_exec_decay(struct iso_exec *e, double rate)
{
    const double decay = e->graph->training->decay.weight_decay;
    for (int i = 0; i < e->graph->nvalues; i++)
        if (decays(e, i)) {
            const struct iso_sgd p = { .learning_rate = iso_exec_rate(e, i, rate) * decay };
            const struct iso_call c = call_of(e, i, &p);
            ISO_TRY(e->backend->kernels[ISO_OP_sgd]->update(e->backend, &c));
        }
    return ISO_OK;
}
