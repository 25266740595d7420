/* confusion_matrix.c: y[t, p] += 1 for each row of class t whose prediction means class p. */
#include "core/arithmetic/formulas.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *prediction = ref_real(&call->x[0]);
    int64_t rows = call->x[0].shape.dim[0], n = call->x[0].shape.dim[1];
    int64_t classes = iso_row_classes((int)n);
    (void)backend;
    for (int64_t row = 0; row < rows; row++)
        ref_i32(&call->y[0])[ISO_KERNEL(target_class)(&call->x[1], row, n) * classes +
                             ISO_KERNEL(row_class)(prediction + row * n, n)]++;
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(confusion_matrix) = { .forward = forward };
