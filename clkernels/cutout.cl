/* cutout.cl: a rectangle of each image set to one value (core/ops/cutout.h). */
#include "common.h"
#include "core/arithmetic/sampling.h"

/* Work-items along the first axis take an image's elements, the second axis the images. */
kernel void cutout_forward(global const float *x, ulong x_at, global float *y, ulong y_at, int h,
                           int w, int channels, int height, int width, float value, uint first,
                           uint step, uint layer, uint seed_low, uint seed_high)
{
    int e = get_global_id(0), size = h * w * channels;
    uint n = get_global_id(1);
    if (e < size) {
        iso_u32x4 r =
            iso_philox(first + n, step, layer, ISO_RANDOM_AUGMENTATION, seed_low, seed_high);
        int i = e / channels / w - iso_cut_start(r.v[0], h, height);
        int j = e / channels % w - iso_cut_start(r.v[1], w, width);
        bool cut = i >= 0 && i < height && j >= 0 && j < width;
        ulong at = n * (ulong)size + e;
        y[y_at + at] = cut ? value : x[x_at + at];
    }
}
