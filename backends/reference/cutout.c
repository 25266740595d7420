/* cutout.c: y = x but for a rectangle about a pixel that is drawn for each image. */
#include "core/ops/cutout.h"
#include "reference.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_cutout *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    int64_t line = s->dim[2] * s->dim[3];
    (void)backend;
    for (int64_t n = 0; n < s->dim[0]; n++) {
        iso_u32x4 r = iso_philox((uint32_t)(call->first_row + n), call->step, call->layer,
                                 ISO_RANDOM_AUGMENTATION, (uint32_t)call->seed,
                                 (uint32_t)(call->seed >> 32));
        int64_t top = iso_cut_start(r.v[0], (iso_i32)s->dim[1], (iso_i32)p->size[0]);
        int64_t left = iso_cut_start(r.v[1], (iso_i32)s->dim[2], (iso_i32)p->size[1]);
        for (int64_t i = 0; i < s->dim[1]; i++)
            for (int64_t e = 0; e < line; e++, x++, y++) {
                int64_t j = e / s->dim[3];
                bool cut = call->training && i >= top && i < top + p->size[0] && j >= left &&
                           j < left + p->size[1];
                *y = cut ? (iso_real)p->value : *x;
            }
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(cutout) = { .forward = forward };
