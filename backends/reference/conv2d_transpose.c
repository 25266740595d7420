/* conv2d_transpose.c: conv2d with its passes exchanged (core/ops/conv2d_transpose.h). The result is
 * the bias, to which each finished sum is added. */
#include "backends/conv2d_transpose.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_tensor *bias = &call->w[1];
    const int64_t filters = call->y[0].shape.dim[3], count = iso_shape_count(&call->y[0].shape);
    for (int64_t i = 0; bias->mem != NULL && i < count; i += filters)
        ref_store(ref_real(&call->y[0]) + i, ref_real(bias), filters, false);
    return iso_transpose_forward(backend, call);
}

const struct iso_kernel ISO_KERNEL(conv2d_transpose) = {
    .supports = iso_transpose_supports,
    .workspace = iso_transpose_workspace,
    .forward = forward,
    .backward = iso_transpose_backward,
};
