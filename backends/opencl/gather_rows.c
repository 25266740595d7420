/* gather_rows.c: queues the gathering of a batch's rows of resident numbers. */
#include "opencl.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    size_t n = (size_t)iso_shape_count(&call->y[0].shape), rows = (size_t)call->y[0].shape.dim[0];
    return opencl_launch(cl, "gather_rows.cl", "gather_rows", opencl_each_row(cl, n / rows, rows),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->x[1]),
                              arg_tensor(&call->y[0]), arg_uint(n / rows),
                              arg_long((uint64_t)call->first)));
}

const struct opencl_op opencl_gather_rows = {
    .kernel = { .supports = opencl_supports, .forward = forward },
    .programs = { "gather_rows.cl" },
};
