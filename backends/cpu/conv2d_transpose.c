/* conv2d_transpose.c: conv2d with its passes exchanged (core/ops/conv2d_transpose.h). The result is
 * the bias, to which each finished sum is added. */
#include "backends/conv2d_transpose.h"
#include "copy_rows.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const int64_t filters = call->y[0].shape.dim[3];
    const struct iso_row_copy bias = { .from = iso_cpu_f32(&call->w[1]),
                                       .to = iso_cpu_f32(&call->y[0]),
                                       .images = 1,
                                       .rows = iso_shape_count(&call->y[0].shape) / filters,
                                       .width = filters,
                                       .to_row = filters };
    if (bias.from != NULL)
        ISO_CPU(copy_rows)(backend, &bias);
    return iso_transpose_forward(backend, call);
}

const struct iso_kernel ISO_CPU(conv2d_transpose) = {
    .supports = iso_transpose_supports,
    .workspace = iso_transpose_workspace,
    .forward = forward,
    .backward = iso_transpose_backward,
};
