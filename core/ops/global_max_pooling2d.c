/* global_max_pooling2d.c: max pooling over a window that is the whole image. */
#include "pooling2d.h"

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    return iso_pooling2d_infer(params, x, true, out);
}

static const char *const saved[] = { "argmax", NULL };

const struct iso_op_def iso_def_global_max_pooling2d = {
    .doc = "the largest value of each channel of an image",
    .topic = "layers",
    .params_size = sizeof(struct iso_pooling2d),
    .fields = iso_global_pooling2d_fields,
    .nx = 1,
    .saved = saved,
    .infer = infer,
    .cost = iso_pooling2d_cost,
};
