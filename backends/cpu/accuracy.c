/* accuracy.c: y = number of rows whose first largest prediction is at the target's class (of
 * one-hot targets: at their first largest entry). */
#include "metric.h"

static int64_t right(const struct iso_cpu_row *row)
{
    return ISO_CPU(argmax)(row->prediction, row->classes) == row->target;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(metric_sum)(backend, call, right);
}

const struct iso_kernel ISO_CPU(accuracy) = { .workspace = ISO_CPU(metric_workspace),
                                              .forward = forward };
