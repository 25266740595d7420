/* random_crop.c: y(i, j) = x(top + i, left + j), 0 beyond the border; its position is drawn
 * for each image. */
#include "core/ops/random_crop.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_random_crop *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    iso_i32 h = (iso_i32)s->dim[1], w = (iso_i32)s->dim[2];
    (void)backend;
    for (int64_t n = 0; n < s->dim[0]; n++) {
        iso_u32x4 r = iso_philox((uint32_t)(call->first_row + n), call->step, call->layer,
                                 ISO_RANDOM_AUGMENTATION, (uint32_t)call->seed,
                                 (uint32_t)(call->seed >> 32));
        int64_t top =
            iso_crop_start(r.v[0], call->training, h, (iso_i32)p->height, (iso_i32)p->padding);
        int64_t left =
            iso_crop_start(r.v[1], call->training, w, (iso_i32)p->width, (iso_i32)p->padding);
        for (int64_t i = top; i < top + p->height; i++)
            for (int64_t j = left; j < left + p->width; j++) {
                bool inside = i >= 0 && i < h && j >= 0 && j < w;
                for (int64_t k = 0; k < s->dim[3]; k++)
                    *y++ = inside ? x[((n * h + i) * w + j) * s->dim[3] + k] : ISO_R(0.0);
            }
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(random_crop) = { .forward = forward };
