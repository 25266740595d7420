/* adadelta.c: parameters and scalars of Adadelta. */
#include "adadelta.h"
#include "optimizer.h"
#include "shared_fields.h"

static const struct iso_field fields[] = {
    ISO_LEARNING_RATE_FIELD(struct iso_adadelta, "0.001",
                            "factor of a step; 1 in Keras before 2.4 and in the paper"),
    ISO_RHO_FIELD(struct iso_adadelta, "0.95",
                  "the means of the squared gradients and of the squared steps"),
    ISO_EPSILON_FIELD(struct iso_adadelta, "added to both means inside their square roots"),
    { 0 }
};
static const char *const slots[] = { "accumulated_grad", "accumulated_delta_var", NULL };

static iso_rc check(const void *params)
{
    const struct iso_adadelta *p = params;
    if (!(p->rho < 1))
        return iso_fail(ISO_EMODEL, "rho must be below 1, or no gradient would count");
    return ISO_OK;
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_optimizer_cost(x, 16, 2, out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_adadelta *p = params;
    (void)step;
    out[ISO_ADADELTA_RATE] = p->learning_rate;
    out[ISO_ADADELTA_RHO] = p->rho;
    out[ISO_ADADELTA_1_RHO] = 1 - p->rho;
    out[ISO_ADADELTA_EPSILON] = p->epsilon;
}

const struct iso_op_def iso_def_adadelta = {
    .doc = "Adadelta: steps scaled by the ratio of the moving averages of past steps and gradients",
    .topic = "optimizers",
    .params_size = sizeof(struct iso_adadelta),
    .fields = fields,
    .slots = slots,
    .infer = iso_optimizer_infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
