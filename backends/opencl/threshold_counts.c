/* threshold_counts.c: queues the count of predictions between thresholds. */
#include "metric.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_shape *s = &call->x[0].shape;
    return opencl_launch(opencl_of(be), "threshold_counts.cl", "threshold_counts",
                         opencl_matrix_grid(opencl_of(be), (size_t)s->dim[1], (size_t)s->dim[0]),
                         ARGS(METRIC_ARGS(call, arg_tensor(&call->y[0]))));
}

const struct opencl_op opencl_threshold_counts = {
    .kernel = { .supports = opencl_supports, .forward = forward },
    .programs = { "threshold_counts.cl" },
};
