/* spatial_dropout2d.c: y = x scale in channels that are kept, 0 in those that are dropped; dx = dy
 * scale and 0. The random number of a channel: core/ops/spatial_dropout2d.h. */
#include "core/arithmetic/formulas.h"
#include "core/ops/spatial_dropout2d.h"
#include "core/arithmetic/random.h"
#include "reference.h"

static iso_real scale_of(const struct iso_call *call)
{
    return call->training ? (iso_real)call->scalars[ISO_DROPOUT_SCALE] : ISO_R(1.0);
}

/* Returns true if channel c of row n of the call is kept. */
static bool keeps(const struct iso_call *call, int64_t n, int64_t c)
{
    uint32_t threshold = call->training ? (uint32_t)call->scalars[ISO_DROPOUT_THRESHOLD] : 0;
    int64_t blocks = (call->x[0].shape.dim[3] + 3) / 4; /* Philox blocks per row */
    iso_u32x4 random = iso_philox((uint32_t)((call->first_row + n) * blocks + (c >> 2)), call->step,
                                  call->layer, ISO_RANDOM_DROPOUT, (uint32_t)call->seed,
                                  (uint32_t)(call->seed >> 32));
    return random.v[c & 3] >= threshold;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_shape *s = &call->x[0].shape;
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]), scale = scale_of(call);
    uint8_t *mask = ref_u8(&call->saved[0]);
    int64_t pixels = s->dim[1] * s->dim[2], channels = s->dim[3];
    (void)backend;
    for (int64_t i = 0; i < s->dim[0] * channels; i++) {
        bool keep = keeps(call, i / channels, i % channels);
        int64_t first = i / channels * pixels * channels + i % channels;
        if (mask != NULL)
            mask[i] = keep;
        for (int64_t e = first; e < first + pixels * channels; e += channels)
            y[e] = iso_dropout(keep, x[e], scale);
    }
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_shape *s = &call->x[0].shape;
    const iso_real *dy = ref_real(&call->dy[0]);
    iso_real *dx = ref_real(&call->dx[0]), scale = scale_of(call);
    const uint8_t *mask = ref_u8(&call->saved[0]);
    int64_t image = s->dim[1] * s->dim[2] * s->dim[3], channels = s->dim[3];
    (void)backend;
    for (int64_t e = 0; dx != NULL && e < s->dim[0] * image; e++)
        ref_put(&dx[e], iso_dropout(mask[e / image * channels + e % channels], dy[e], scale),
                call->add_dx[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(spatial_dropout2d) = {
    .forward = forward,
    .backward = backward,
};
