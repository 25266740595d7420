/* unit_normalization.c: parameters, shapes and cost of rows of length 1. */
#include "unit_normalization.h"
#include "infer.h"

static const struct iso_field fields[] = {
    { "epsilon", ISO_FIELD_REAL, offsetof(struct iso_unit_normalization, epsilon), "1e-12", 1e-37,
      1, NULL, "least sum of squares by whose root a row is divided" },
    { 0 },
};
static const char *const saved[] = { "squares", NULL };

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .nsaved = 1, .y = { *x } };
    if (x->ndim < 2)
        return iso_expect_ndim(x, 2, "");
    out->saved[0] = *x;
    out->saved[0].dim[--out->saved[0].ndim] = 0;
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 3, 3, out);
}

static const struct iso_sum_def sums[] = {
    { "squares, and dx", ISO_SUM_AXIS, "channels" },
    { 0 },
};

const struct iso_op_def iso_def_unit_normalization = {
    .doc = "each row of channels divided by its length",
    .topic = "layers",
    .params_size = sizeof(struct iso_unit_normalization),
    .fields = fields,
    .nx = 1,
    .saved = saved,
    .backward_uses = ISO_USES_Y,
    .sums = sums,
    .infer = infer,
    .cost = cost,
};
