/* accuracy.c: y = number of rows whose first largest prediction is at the target's class (of
 * one-hot targets: at their first largest entry). */
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *prediction = ref_real(&call->x[0]);
    int64_t rows = call->x[0].shape.dim[0], classes = call->x[0].shape.dim[1], right = 0;
    (void)backend;
    for (int64_t row = 0; row < rows; row++)
        right += ISO_KERNEL(argmax)(prediction + row * classes, classes)
                 == ISO_KERNEL(target_class)(&call->x[1], row, classes);
    *ref_real(&call->y[0]) = (iso_real)right;
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(accuracy) = { .forward = forward };
