/* accuracy.c: queues the count of rows whose largest prediction is at the target's class. */
#include "metric.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    ISO_TRY(opencl_launch(opencl_of(be), "accuracy.cl", "accuracy", opencl_metric_grid(be, call),
                          ARGS(METRIC_ARGS(call, opencl_hits(call)))));
    return opencl_sum_hits(be, call);
}

const struct opencl_op opencl_accuracy = {
    .kernel = { .supports = opencl_supports,
                .workspace = opencl_hits_workspace,
                .forward = forward },
    .programs = { "accuracy.cl", "sums.cl" },
};
