/* accuracy.c: queues the count of rows whose largest prediction is at the target's class. */
#include "metric.h"

static const char *const programs[] = { "accuracy.cl", "sums.cl", NULL };

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    ISO_TRY(opencl_launch(opencl_of(be), "accuracy.cl", "accuracy", opencl_metric_grid(be, call),
                          ARGS(METRIC_ARGS(call, opencl_hits(call)))));
    return opencl_sum_hits(be, call);
}

const struct iso_kernel opencl_accuracy = { .supports = supports,
                                            .workspace = opencl_hits_workspace,
                                            .forward = forward };
