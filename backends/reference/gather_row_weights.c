/* gather_row_weights.c: y[r] = weights[order[first + r]]. */
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const int32_t *order = ref_i32(&call->x[1]) + call->first;
    const iso_real *weights = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t r = 0; r < call->y[0].shape.dim[0]; r++)
        y[r] = weights[order[r]];
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(gather_row_weights) = { .forward = forward };
