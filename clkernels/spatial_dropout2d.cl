/* spatial_dropout2d.cl: a mask of each image's channels (core/ops/spatial_dropout2d.h), and its
 * application to values and gradients. */
#include "common.h"

kernel void spatial_dropout2d_mask(global uchar *mask, ulong mask_at, uint n, uint channels,
                                   uint threshold, uint first, uint step, uint layer, uint seed_low,
                                   uint seed_high)
{
    const uint c = get_global_id(0), row = get_global_id(1);
    if (c < channels && row < n) {
        uint block = (first + row) * ((channels + 3) / 4) + (c >> 2);
        iso_u32x4 r = iso_philox(block, step, layer, ISO_RANDOM_DROPOUT, seed_low, seed_high);
        uint even = c & 2 ? r.v[2] : r.v[0], odd = c & 2 ? r.v[3] : r.v[1];
        mask[mask_at + row * channels + c] = (c & 1 ? odd : even) >= threshold;
    }
}

kernel void spatial_dropout2d_apply(global const float *from, ulong from_at,
                                    global const uchar *mask, ulong mask_at, global float *to,
                                    ulong to_at, int pixels, int channels, float scale, int add)
{
    const int c = get_global_id(0), pixel = get_global_id(1);
    const ulong n = get_global_id(2), i = (n * pixels + pixel) * channels + c;
    if (c < channels && pixel < pixels) {
        float y = iso_dropout(mask[mask_at + n * channels + c], from[from_at + i], scale);
        ulong at = to_at + i;
        to[at] = add ? to[at] + y : y;
    }
}
