/* slice.c: y = some channels of x; dx = dy there, and 0 in the others. A gradient that is added to
 * keeps what it has in the others. */
#include "core/ops/slice.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_slice_params *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t width = s->dim[s->ndim - 1], rows = iso_shape_count(s) / width;
    (void)backend;
    for (int64_t r = 0; r < rows; r++)
        ref_store(ref_real(&call->y[0]) + r * p->size, ref_real(&call->x[0]) + r * width + p->start,
                  p->size, false);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_slice_params *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t width = s->dim[s->ndim - 1], rows = iso_shape_count(s) / width;
    iso_real *dx = ref_real(&call->dx[0]);
    (void)backend;
    for (int64_t r = 0; dx != NULL && r < rows; r++, dx += width) {
        if (!call->add_dx[0])
            ref_zero(dx, width);
        ref_store(dx + p->start, ref_real(&call->dy[0]) + r * p->size, p->size, call->add_dx[0]);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(slice) = { .forward = forward, .backward = backward };
