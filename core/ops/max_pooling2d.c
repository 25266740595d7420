/* max_pooling2d.c: the largest value in each window; NaN wins, the first of equals. */
#include "pooling2d.h"

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    return iso_pooling2d_infer(params, x, true, out);
}

static const char *const saved[] = { "argmax", NULL };

static const struct iso_sum_def sums[] = {
    { "dx", ISO_SUM_CHAIN, "row and column of y, of the windows that chose the pixel" },
    { 0 },
};

const struct iso_op_def iso_def_max_pooling2d = {
    .doc = "the largest value in each window of an image",
    .topic = "layers",
    .params_size = sizeof(struct iso_pooling2d),
    .fields = iso_pooling2d_fields,
    .nx = 1,
    .saved = saved,
    .sums = sums,
    .infer = infer,
    .cost = iso_pooling2d_cost,
};
