/* global_average_pooling2d.c: average pooling over a window that is the whole image. */
#include "pooling2d.h"

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    return iso_pooling2d_infer(params, x, false, out);
}

static const struct iso_sum_def sums[] = {
    { "y", ISO_SUM_ROWS, "a pixel, of one image" },
    { 0 },
};

const struct iso_op_def iso_def_global_average_pooling2d = {
    .doc = "the mean of each channel of an image",
    .topic = "layers",
    .params_size = sizeof(struct iso_pooling2d),
    .fields = iso_global_pooling2d_fields,
    .nx = 1,
    .sums = sums,
    .infer = infer,
    .cost = iso_pooling2d_cost,
};
