/* confusion_matrix.c: queues the count of rows by their class and the one they were taken for. */
#include "metric.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    return opencl_launch(opencl_of(be), "confusion_matrix.cl", "confusion_matrix",
                         opencl_metric_grid(be, call),
                         ARGS(METRIC_ARGS(call, arg_tensor(&call->y[0]))));
}

const struct opencl_op opencl_confusion_matrix = {
    .kernel = { .supports = opencl_supports, .forward = forward },
    .programs = { "confusion_matrix.cl" },
};
