/* gather_images.c: y[r] = data[order[first + r]] * factor + offset, which each channel has. */
#include "core/arithmetic/formulas.h"
#include "core/ops/gather_images.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_gather_images *p = call->params;
    const uint8_t *data = ref_u8(&call->x[0]);
    const int32_t *order = ref_i32(&call->x[1]) + call->first;
    iso_real *y = ref_real(&call->y[0]);
    const struct iso_shape *shape = &call->y[0].shape;
    int64_t rows = shape->dim[0], size = iso_shape_count(shape) / rows;
    int64_t channels = shape->dim[shape->ndim - 1];
    (void)backend;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < size; i++) {
            int64_t c = i % channels, from = p->reverse ? i - c + (channels - 1 - c) : i;
            iso_real factor = (iso_real)call->scalars[c % ISO_REALS];
            iso_real offset = (iso_real)call->scalars[ISO_REALS + c % ISO_REALS];
            y[r * size + i] = iso_pixel((iso_real)data[order[r] * size + from], factor, offset);
        }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(gather_images) = { .forward = forward };
