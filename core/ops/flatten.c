/* flatten.c: an image becomes one row, in height, width, channel order; no number moves. */
#include "infer.h"

static const struct iso_field fields[] = { { 0 } };

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1 };
    ISO_TRY(iso_expect_countable(x));
    out->y[0] = (struct iso_shape){ 2, { x->dim[0], iso_shape_count(x) / x->dim[0] } };
    return ISO_OK;
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 0, 0, out);
}

const struct iso_op_def iso_def_flatten = {
    .doc = "an image as one row of numbers, in height, width, channel order",
    .topic = "layers",
    .fields = fields,
    .nx = 1,
    .infer = infer,
    .cost = cost,
};
