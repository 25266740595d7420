/* rmsprop.c: parameters, state and scalars of RMSprop. */
#include "optimizer.h"
#include "rmsprop.h"
#include "shared_fields.h"

#define AT(member) offsetof(struct iso_rmsprop, member)
static const struct iso_field fields[] = {
    ISO_LEARNING_RATE_FIELD(struct iso_rmsprop, "0.001", "size of a step"),
    ISO_RHO_FIELD(struct iso_rmsprop, "0.9", "the mean of the squared gradients"),
    { "momentum", ISO_FIELD_REAL, AT(momentum), "0", 0, 1, NULL,
      "share of the last step that is added to the next" },
    ISO_EPSILON_FIELD(struct iso_rmsprop, "avoids division by 0"),
    { "centered", ISO_FIELD_BOOL, AT(centered), "false", 0, 0, NULL,
      "divide by the standard deviation of the gradients instead of their root mean square" },
    { "decay", ISO_FIELD_REAL, AT(decay), "0", 0, 1e6, NULL,
      "divide the learning rate by 1 + decay times the steps taken, as in Keras before 2.11" },
    ISO_EPSILON_PLACEMENT_FIELD(struct iso_rmsprop),
    { 0 }
};

/* All possible slots, for help and the reference page. */
static const char *const slots[] = { "velocity", "momentum", "average_gradient", NULL };

static const char *const *slots_of(const void *params)
{
    static const char *const plain[] = { "velocity", NULL };
    static const char *const with_momentum[] = { "velocity", "momentum", NULL };
    static const char *const centered[] = { "velocity", "average_gradient", NULL };
    const struct iso_rmsprop *p = params;
    if (p->momentum > 0)
        return p->centered ? slots : with_momentum;
    return p->centered ? centered : plain;
}

static iso_rc check(const void *params)
{
    const struct iso_rmsprop *p = params;
    if (!(p->rho < 1))
        return iso_fail(ISO_EMODEL, "rho must be below 1, or no gradient would count");
    return ISO_OK;
}

/* x[0]: the weight's shape. */
static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    int n = 0;
    (void)pass;
    for (const char *const *slot = slots_of(params); *slot != NULL; slot++)
        n++;
    iso_optimizer_cost(x, 6 + 3 * n, n, out);
}

static double decayed(const void *params, double rate, uint64_t step)
{
    const struct iso_rmsprop *p = params;
    return rate / (1 + p->decay * (double)step);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_rmsprop *p = params;
    out[ISO_RMSPROP_RATE] = decayed(params, p->learning_rate, step);
    out[ISO_RMSPROP_RHO] = p->rho;
    out[ISO_RMSPROP_1_RHO] = 1 - p->rho;
    out[ISO_RMSPROP_MOMENTUM] = p->momentum;
    out[ISO_RMSPROP_EPSILON] = p->epsilon;
}

const struct iso_op_def iso_def_rmsprop = {
    .doc = "RMSprop: steps divided by the root of a moving average of squared gradients",
    .topic = "optimizers",
    .params_size = sizeof(struct iso_rmsprop),
    .fields = fields,
    .slots = slots,
    .slots_of = slots_of,
    .infer = iso_optimizer_infer,
    .cost = cost,
    .scalars = scalars,
    .decayed = decayed,
    .check = check,
};
