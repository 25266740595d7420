/* gather_images.c: y[r] = data[order[first + r]] * scale, one product per element. */
#include "../../core/ops/gather_images.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_gather_images *p = call->params;
    const uint8_t *data = ref_u8(&call->x[0]);
    const int32_t *order = ref_i32(&call->x[1]) + call->first;
    iso_real *y = ref_real(&call->y[0]), scale = (iso_real)p->scale;
    int64_t rows = call->y[0].shape.dim[0], size = iso_shape_count(&call->y[0].shape) / rows;
    (void)backend;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < size; i++)
            y[r * size + i] = (iso_real)data[order[r] * size + i] * scale;
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(gather_images) = { .forward = forward };
