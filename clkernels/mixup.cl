/* mixup.cl: each row of a batch mixed with another one (core/ops/mixup.h). */
#include "common.h"
#include "core/arithmetic/sampling.h"

/* A work-item draws the share that a row keeps of itself. */
kernel void mixup_shares(global float *share, ulong share_at, uint rows, int per_image,
                         float inverse, uint first, uint step, uint layer, uint seed_low,
                         uint seed_high)
{
    uint n = get_global_id(0), block = per_image ? first + n : 0u;
    if (n < rows) {
        iso_u32x4 r = iso_philox(block, step, layer, ISO_RANDOM_AUGMENTATION, seed_low, seed_high);
        share[share_at + n] = iso_symmetric_beta(r.v[0], r.v[1], inverse);
    }
}

/* Work-items along the first axis take a row's elements, the second axis the rows. */
kernel void mixup_forward(global const float *x, ulong x_at, global const float *share,
                          ulong share_at, global float *y, ulong y_at, int size, uint rows,
                          uint roll)
{
    int e = get_global_id(0);
    ulong n = get_global_id(1), on = n + roll, other = on < rows ? on : on - rows;
    if (e < size) {
        y[y_at + n * size + e] =
            iso_mixed(x[x_at + n * size + e], x[x_at + other * size + e], share[share_at + n]);
    }
}
