/* top_k.c: y = number of rows where fewer than k predictions are ahead of the target's. */
#include "core/ops/top_k.h"
#include "metric.h"

static int64_t found(const struct iso_cpu_row *row)
{
    const struct iso_top_k *p = row->params;
    const float target = row->prediction[row->target];
    int64_t ahead = 0;
    for (int64_t c = 0; c < row->n; c++)
        ahead += iso_ahead(row->prediction[c], target);
    return ahead < p->k;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(metric_sum)(backend, call, found);
}

const struct iso_kernel ISO_CPU(top_k) = { .workspace = ISO_CPU(metric_workspace),
                                           .forward = forward };
