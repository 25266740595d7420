/* accuracy.c: queues the count of rows whose largest prediction is at the target's class. */
#include "metric.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    return opencl_count_hits(be, call, "accuracy.cl", "accuracy", NULL, 0);
}

const struct opencl_op opencl_accuracy = {
    .kernel = { .supports = opencl_supports,
                .workspace = opencl_hits_workspace,
                .forward = forward },
    .programs = { "accuracy.cl", "sums.cl" },
};
