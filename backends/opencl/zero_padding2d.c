/* zero_padding2d.c: queues zero padding. */
#include "core/ops/zero_padding2d.h"
#include "copy_rows.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_frame f = iso_zero_padding2d_frame(call->params, &call->x[0].shape);
    struct opencl_grid grid = opencl_matrix_grid(cl, (size_t)(f.ow * f.c), (size_t)f.oh);
    grid.groups[2] = (size_t)f.n;
    return opencl_launch(cl, "zero_padding2d.cl", "zero_padding2d_forward", grid,
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]), arg_int(f.h),
                              arg_int(f.w * f.c), arg_int(f.oh), arg_int(f.ow * f.c),
                              arg_int(f.top), arg_int(f.left * f.c)));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_frame f = iso_zero_padding2d_frame(call->params, &call->x[0].shape);
    const struct opencl_rows rows = { .rows = (iso_i32)f.h,
                                      .width = (iso_i32)(f.w * f.c),
                                      .from_image = (iso_i32)(f.oh * f.ow * f.c),
                                      .from_row = (iso_i32)(f.ow * f.c),
                                      .to_image = (iso_i32)(f.h * f.w * f.c),
                                      .to_row = (iso_i32)(f.w * f.c),
                                      .add = call->add_dx[0] };
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return opencl_copy_rows(opencl_of(be), &rows, f.n, &call->dy[0], (f.top * f.ow + f.left) * f.c,
                            &call->dx[0], 0);
}

const struct opencl_op opencl_zero_padding2d = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { "zero_padding2d.cl", "copy_rows.cl" },
};
