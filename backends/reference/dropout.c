/* dropout.c: y = x scale where kept, 0 where dropped; dx = dy scale and 0.
 *
 * Element e of row n is dropped when word e & 3 of Philox block n ceil(size / 4) + (e >> 2) is
 * below the threshold; size: elements of a row. Outside of training everything is kept, with
 * scale 1. */
#include "core/arithmetic/formulas.h"
#include "core/ops/dropout.h"
#include "core/arithmetic/random.h"
#include "reference.h"

static iso_real scale_of(const struct iso_call *call)
{
    return call->training ? (iso_real)call->scalars[ISO_DROPOUT_SCALE] : ISO_R(1.0);
}

/* One row, whose first Philox block is `block`; mask may be NULL. */
static void drop_row(const struct iso_call *call, int64_t block, int64_t size, const iso_real *x,
                     iso_real *y, uint8_t *mask)
{
    const iso_real scale = scale_of(call);
    uint32_t threshold = call->training ? (uint32_t)call->scalars[ISO_DROPOUT_THRESHOLD] : 0;
    for (int64_t e = 0; e < size; e += 4, block++) {
        iso_u32x4 random = iso_philox((uint32_t)block, call->step, call->layer, ISO_RANDOM_DROPOUT,
                                      (uint32_t)call->seed, (uint32_t)(call->seed >> 32));
        for (int64_t word = 0; word < 4 && e + word < size; word++) {
            bool keep = random.v[word] >= threshold;
            y[e + word] = iso_dropout(keep, x[e + word], scale);
            if (mask != NULL)
                mask[e + word] = keep;
        }
    }
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const int64_t rows = call->x[0].shape.dim[0];
    const int64_t size = iso_shape_count(&call->x[0].shape) / rows, blocks = (size + 3) / 4;
    uint8_t *mask = ref_u8(&call->saved[0]);
    (void)backend;
    for (int64_t n = 0; n < rows; n++)
        drop_row(call, (call->first_row + n) * blocks, size, ref_real(&call->x[0]) + n * size,
                 ref_real(&call->y[0]) + n * size, mask != NULL ? mask + n * size : NULL);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *dy = ref_real(&call->dy[0]);
    iso_real *dx = ref_real(&call->dx[0]), scale = scale_of(call);
    const uint8_t *mask = ref_u8(&call->saved[0]);
    int64_t count = iso_shape_count(&call->dy[0].shape);
    (void)backend;
    for (int64_t e = 0; dx != NULL && e < count; e++)
        ref_put(&dx[e], iso_dropout(mask[e], dy[e], scale), call->add_dx[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(dropout) = { .forward = forward, .backward = backward };
