/* zero_padding2d.c: y = x in a frame of zeros; dx = the part of dy inside the frame. */
#include "core/ops/zero_padding2d.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_frame f = iso_zero_padding2d_frame(call->params, &call->x[0].shape);
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    ref_zero(y, iso_shape_count(&call->y[0].shape));
    for (int64_t n = 0; n < f.n; n++)
        for (int64_t row = 0; row < f.h; row++, x += f.w * f.c)
            ref_store(y + (((n * f.oh) + f.top + row) * f.ow + f.left) * f.c, x, f.w * f.c, false);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_frame f = iso_zero_padding2d_frame(call->params, &call->x[0].shape);
    const iso_real *dy = ref_real(&call->dy[0]);
    iso_real *dx = ref_real(&call->dx[0]);
    (void)backend;
    for (int64_t n = 0; dx != NULL && n < f.n; n++)
        for (int64_t row = 0; row < f.h; row++, dx += f.w * f.c)
            ref_store(dx, dy + (((n * f.oh) + f.top + row) * f.ow + f.left) * f.c, f.w * f.c,
                      call->add_dx[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(zero_padding2d) = { .forward = forward, .backward = backward };
