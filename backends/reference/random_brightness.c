/* random_brightness.c: y = x + d, held to a range, with a d that is drawn for each image. */
#include "core/ops/random_brightness.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_random_brightness *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    iso_real from = (iso_real)call->scalars[ISO_BRIGHTNESS_FROM];
    iso_real span = (iso_real)call->scalars[ISO_BRIGHTNESS_SPAN];
    int64_t image = s->dim[1] * s->dim[2] * s->dim[3];
    (void)backend;
    for (int64_t n = 0; n < s->dim[0]; n++) {
        iso_u32x4 r = iso_philox((uint32_t)(call->first_row + n), call->step, call->layer,
                                 ISO_RANDOM_AUGMENTATION, (uint32_t)call->seed,
                                 (uint32_t)(call->seed >> 32));
        iso_real delta = iso_draw(r.v[0], from, span);
        for (int64_t e = n * image; e < (n + 1) * image; e++)
            y[e] = call->training ? iso_brightness(x[e], delta, (iso_real)p->value_range[0],
                                                   (iso_real)p->value_range[1])
                                  : x[e];
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(random_brightness) = { .forward = forward };
