/* regularizer.c: parameters and scalars of the penalties on weights. */
#include "infer.h"
#include "regularizer.h"

#define AT(member) offsetof(struct iso_regularizer, member)
static const struct iso_field fields[] = {
    { "l1", ISO_FIELD_REAL, AT(l1), "0", 0, 1e30, NULL, "factor of the sum of |w|" },
    { "l2", ISO_FIELD_REAL, AT(l2), "0", 0, 1e30, NULL, "factor of the sum of w^2" },
    { 0 }
};

/* x[0]: the weight's shape. */
static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .y = { { 1, { 1 } } } };
    return iso_expect_countable(&x[0]);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params;
    iso_elementwise_cost(x, 2, pass == ISO_FORWARD ? 1 : 3, out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_regularizer *p = params;
    (void)step;
    out[ISO_PENALTY_L1] = p->l1;
    out[ISO_PENALTY_L2] = p->l2;
    out[ISO_PENALTY_TWO_L2] = 2 * p->l2;
}

static const struct iso_sum_def sums[] = {
    { "absolute values, squares", ISO_SUM_AXIS, "elements of the weight" },
    { 0 },
};

const struct iso_op_def iso_def_regularizer = {
    .doc = "penalty on the size of a weight, added to the loss",
    .params_size = sizeof(struct iso_regularizer),
    .fields = fields,
    .sums = sums,
    .infer = infer,
    .cost = cost,
    .scalars = scalars,
};
