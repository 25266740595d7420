/* gather_row_weights.c: y[r] = weights[order[first + r]]. */
#include "elements.h"

/* A few kilobytes: not worth waking another thread. */
static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const int32_t *order = iso_cpu_i32(&call->x[1]) + call->first;
    const float *weights = iso_cpu_f32(&call->x[0]);
    float *y = iso_cpu_f32(&call->y[0]);
    (void)backend;
    for (int64_t r = 0; r < call->y[0].shape.dim[0]; r++)
        y[r] = weights[order[r]];
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(gather_row_weights) = { .forward = forward };
