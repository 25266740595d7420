/* random_contrast.c: y = (x - mean) f + mean, held to a range; the mean is that of the image's
 * channel, a sum over its pixels as rows, and f is drawn for each image. */
#include "core/ops/random_contrast.h"
#include "sums.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_random_contrast *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    iso_real from = (iso_real)call->scalars[ISO_CONTRAST_FROM];
    iso_real span = (iso_real)call->scalars[ISO_CONTRAST_SPAN];
    int64_t pixels = s->dim[1] * s->dim[2], channels = s->dim[3];
    (void)backend;
    for (int64_t n = 0; n < s->dim[0]; n++) {
        iso_u32x4 r = iso_philox((uint32_t)(call->first_row + n), call->step, call->layer,
                                 ISO_RANDOM_AUGMENTATION, (uint32_t)call->seed,
                                 (uint32_t)(call->seed >> 32));
        iso_real factor = iso_draw(r.v[0], from, span);
        for (int64_t k = 0; k < channels; k++) {
            const iso_real *x = ref_real(&call->x[0]) + n * pixels * channels + k;
            iso_real *y = ref_real(&call->y[0]) + n * pixels * channels + k;
            iso_real sum = ref_column_sum((struct iso_rows){ pixels, pixels }, channels, x, 0);
            iso_real mean = iso_div(sum, (iso_real)pixels);
            for (int64_t e = 0; e < pixels * channels; e += channels)
                y[e] = call->training
                           ? iso_contrast(x[e], mean, factor, (iso_real)p->value_range[0],
                                          (iso_real)p->value_range[1])
                           : x[e];
        }
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(random_contrast) = { .forward = forward };
