/* average_pooling2d.c: the mean of the pixels in each window. */
#include "pooling2d.h"

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    return iso_pooling2d_infer(params, x, false, out);
}

static const struct iso_sum_def sums[] = {
    { "y", ISO_SUM_PRODUCTS, "window row, window column; only what lies on the image" },
    { "dx", ISO_SUM_PRODUCTS, "row and column of y, of the windows that hold the pixel" },
    { 0 },
};

const struct iso_op_def iso_def_average_pooling2d = {
    .doc = "the mean of the pixels in each window of an image; padding is not counted",
    .topic = "layers",
    .params_size = sizeof(struct iso_pooling2d),
    .fields = iso_pooling2d_fields,
    .nx = 1,
    .sums = sums,
    .infer = infer,
    .cost = iso_pooling2d_cost,
};
