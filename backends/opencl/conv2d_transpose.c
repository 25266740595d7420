/* conv2d_transpose.c: conv2d with its passes exchanged (core/ops/conv2d_transpose.h). The result is
 * the bias, to which each finished sum is added. */
#include "backends/conv2d_transpose.h"
#include "copy_rows.h"

static bool supports(struct iso_backend *be, enum iso_op op, const struct iso_call *call, char *why,
                     size_t n)
{
    return opencl_supports(be, op, call, why, n) && iso_transpose_supports(be, op, call, why, n);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const int64_t filters = call->y[0].shape.dim[3];
    const struct opencl_rows rows = {
        .rows = (iso_i32)(iso_shape_count(&call->y[0].shape) / filters),
        .width = (iso_i32)filters,
        .to_row = (iso_i32)filters,
    };
    if (call->w[1].mem != NULL)
        ISO_TRY(opencl_copy_rows(opencl_of(be), &rows, 1, &call->w[1], 0, &call->y[0], 0));
    return iso_transpose_forward(be, call);
}

const struct opencl_op opencl_conv2d_transpose = {
    .kernel = { .supports = supports,
                .prepare = iso_transpose_prepare,
                .workspace = iso_transpose_workspace,
                .forward = forward,
                .backward = iso_transpose_backward },
    .programs = { "copy_rows.cl" },
};
