/* mixup.c: y[n] = s x[n] + (1 - s) x[partner of n], with a share s that is drawn. */
#include "core/ops/mixup.h"
#include "reference.h"

/* The share that row n of the call keeps of itself. */
static iso_real share_of(const struct iso_call *call, int64_t n)
{
    const struct iso_mixup *p = call->params;
    iso_u32x4 r = iso_philox(p->per_image ? (uint32_t)(call->first_row + n) : 0, call->step,
                             call->layer, ISO_RANDOM_AUGMENTATION, (uint32_t)call->seed,
                             (uint32_t)(call->seed >> 32));
    return iso_symmetric_beta(r.v[0], r.v[1], (iso_real)call->scalars[ISO_MIXUP_INVERSE]);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const int64_t rows = call->x[0].shape.dim[0];
    const int64_t size = iso_shape_count(&call->x[0].shape) / rows, roll = iso_mixup_roll(call);
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t n = 0; n < rows; n++) {
        const iso_real *other = x + (n + roll) % rows * size;
        iso_real share = share_of(call, n);
        for (int64_t e = 0; e < size; e++)
            y[n * size + e] = call->training ? iso_mixed(x[n * size + e], other[e], share)
                                             : x[n * size + e];
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(mixup) = { .forward = forward };
