/* threshold_counts.c: y[t, k] += 1 for each element with target t whose prediction is above k
 * thresholds. */
#include "core/ops/threshold_counts.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *p = ref_real(&call->x[0]);
    const bool sparse = call->x[1].dtype == ISO_I32;
    int64_t rows = call->x[0].shape.dim[0], n = call->x[0].shape.dim[1];
    (void)backend;
    for (int64_t e = 0; e < rows * n; e++) {
        const bool yes = sparse ? ref_i32(&call->x[1])[e / n] == e % n
                                : ref_real(&call->x[1])[e] != ISO_R(0.0);
        ref_i32(&call->y[0])[yes * ISO_THRESHOLD_COLUMNS + iso_thresholds_below(p[e])]++;
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(threshold_counts) = { .forward = forward };
