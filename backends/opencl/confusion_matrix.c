/* confusion_matrix.c: queues the count of rows by their class and the one they were taken for. */
#include "metric.h"

static const char *const programs[] = { "confusion_matrix.cl", NULL };

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    return opencl_launch(opencl_of(be), "confusion_matrix.cl", "confusion_matrix",
                         opencl_metric_grid(be, call),
                         ARGS(METRIC_ARGS(call, arg_tensor(&call->y[0]))));
}

const struct iso_kernel opencl_confusion_matrix = { .supports = supports, .forward = forward };
