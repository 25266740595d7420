/* accuracy.c: y = number of rows whose predicted class is the target's: the index of the first
 * largest number, also for a one-hot target; for a single number, 1 if it is above a half. */
#include "metric.h"

static int64_t right(const struct iso_cpu_row *row)
{
    return ISO_CPU(row_class)(row->prediction, row->n) == row->target;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(metric_sum)(backend, call, right);
}

const struct iso_kernel ISO_CPU(accuracy) = { .workspace = ISO_CPU(metric_workspace),
                                              .forward = forward };
