/* add.c: shapes and cost of the sum of several tensors.
 *
 * x: 2 to ISO_OPERANDS tensors of one shape; y: that shape, x[0] + x[1] + ... from left to right;
 * each dx: dy. y may be x[0]: the sums of shards are added in place. */
#include "infer.h"

static const struct iso_field fields[] = { { 0 } };

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    char first[ISO_NAME], other[ISO_NAME];
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .y = { x[0] } };
    for (int i = 1; i < iso_inputs_count(x); i++)
        if (!iso_shape_equal(&x[i], &x[0]))
            return iso_fail(ISO_ESHAPE, "adds tensors of one shape, got %s and %s",
                            iso_shape_text(&x[0], 1, first, sizeof first),
                            iso_shape_text(&x[i], 1, other, sizeof other));
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const int inputs = iso_inputs_count(x);
    (void)params;
    iso_elementwise_cost(x, pass == ISO_FORWARD ? inputs - 1 : 0, inputs + 1, out);
}

static const struct iso_sum_def sums[] = {
    { "y", ISO_SUM_CHAIN, "inputs" },
    { 0 },
};

const struct iso_op_def iso_def_add = {
    .doc = "the sum of several tensors of one shape, element by element",
    .topic = "layers",
    .fields = fields,
    .nx = 2,
    .nx_max = ISO_OPERANDS,
    .sums = sums,
    .infer = infer,
    .cost = cost,
};
