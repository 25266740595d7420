/* gather_rows.c: y[r] = x[order[first + r]], a row of any number of elements. */
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const int32_t *order = ref_i32(&call->x[1]) + call->first;
    const iso_real *x = ref_real(&call->x[0]);
    const int64_t rows = call->y[0].shape.dim[0], size = iso_shape_count(&call->y[0].shape) / rows;
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < size; i++)
            y[r * size + i] = x[order[r] * size + i];
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(gather_rows) = { .forward = forward };
