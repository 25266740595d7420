/* accuracy.c: y = number of rows whose predicted class is the target's: the index of the first
 * largest number, also for a one-hot target; for a single number, 1 if it is above a half. */
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *prediction = ref_real(&call->x[0]);
    int64_t rows = call->x[0].shape.dim[0], n = call->x[0].shape.dim[1], right = 0;
    (void)backend;
    for (int64_t row = 0; row < rows; row++)
        right += ISO_KERNEL(row_class)(prediction + row * n, n) ==
                 ISO_KERNEL(target_class)(&call->x[1], row, n);
    *ref_real(&call->y[0]) = (iso_real)right;
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(accuracy) = { .forward = forward };
