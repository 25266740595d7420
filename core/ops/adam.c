/* adam.c: parameters and scalars of Adam. */
#include <math.h>

#include "adam.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_adam, member)
static const struct iso_field fields[] = {
    { "learning_rate", ISO_FIELD_REAL, AT(learning_rate), "0.001", 0, 1e6, NULL, "size of a step" },
    { "beta_1", ISO_FIELD_REAL, AT(beta_1), "0.9", 0, 1, NULL,
      "decay of the mean of the gradients, below 1" },
    { "beta_2", ISO_FIELD_REAL, AT(beta_2), "0.999", 0, 1, NULL,
      "decay of the mean of their squares, below 1" },
    { "epsilon", ISO_FIELD_REAL, AT(epsilon), "1e-7", 0, 1e6, NULL,
      "added to the root of the mean square" },
    { 0 }
};
static const char *const slots[] = { "momentum", "velocity", NULL };

static iso_rc check(const void *params)
{
    const struct iso_adam *p = params;
    if (!(p->beta_1 < 1) || !(p->beta_2 < 1))
        return iso_fail(ISO_EMODEL, "beta_1 and beta_2 must be below 1");
    return ISO_OK;
}

/* An optimizer makes no tensors: its state is laid out as the weight. */
static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params, (void)x;
    *out = (struct iso_shapes){ 0 };
    return ISO_OK;
}

/* x[0]: the weight's shape. */
static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 14, 7, out);
}

/* base^n by squaring: multiplications only, so that every machine gets the same double. */
static double power(double base, uint64_t n)
{
    double result = 1;
    for (; n != 0; n >>= 1) {
        if (n & 1)
            result *= base;
        base *= base;
    }
    return result;
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_adam *p = params;
    uint64_t t = step + 1;
    double root = sqrt(1 - power(p->beta_2, t));
    out[ISO_ADAM_RATE] = p->learning_rate * root / (1 - power(p->beta_1, t));
    out[ISO_ADAM_BETA_1] = p->beta_1;
    out[ISO_ADAM_1_BETA_1] = 1 - p->beta_1;
    out[ISO_ADAM_BETA_2] = p->beta_2;
    out[ISO_ADAM_1_BETA_2] = 1 - p->beta_2;
    out[ISO_ADAM_EPSILON] = p->epsilon;
}

const struct iso_op_def iso_def_adam = {
    .doc = "Adam: steps scaled by running means of the gradients and of their squares",
    .section = "optimizers",
    .params_size = sizeof(struct iso_adam),
    .fields = fields,
    .slots = slots,
    .infer = infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
