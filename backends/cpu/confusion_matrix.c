/* confusion_matrix.c: y[t, p] += 1 for each row of class t whose prediction means class p. */
#include "metric.h"

static int64_t cell(const struct iso_cpu_row *row)
{
    return row->target * iso_row_classes((int)row->n) + ISO_CPU(row_class)(row->prediction, row->n);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const int64_t *cells = ISO_CPU(metric_rows)(backend, call, cell);
    int32_t *counts = iso_cpu_i32(&call->y[0]);
    for (int64_t r = 0; r < call->x[0].shape.dim[0]; r++)
        counts[cells[r]]++;
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(confusion_matrix) = { .workspace = ISO_CPU(metric_workspace),
                                                      .forward = forward };
