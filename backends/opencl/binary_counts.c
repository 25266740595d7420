/* binary_counts.c: queues the count of what is right and wrong in each column. */
#include "metric.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_shape *s = &call->x[0].shape;
    return opencl_launch(opencl_of(be), "binary_counts.cl", "binary_counts",
                         opencl_matrix_grid(opencl_of(be), (size_t)s->dim[1], (size_t)s->dim[0]),
                         ARGS(METRIC_ARGS(call, arg_tensor(&call->y[0]))));
}

const struct opencl_op opencl_binary_counts = {
    .kernel = { .supports = opencl_supports, .forward = forward },
    .programs = { "binary_counts.cl" },
};
