/* random_crop.cl: a crop of each image at a random position (core/ops/random_crop.h). */
#include "common.h"
#include "core/arithmetic/sampling.h"

/* Work-items along the first axis take a window's elements, the second axis the images. */
kernel void random_crop_forward(global const float *x, ulong x_at, global float *y, ulong y_at,
                                int h, int w, int channels, int height, int width, int padding,
                                int training, uint first, uint step, uint layer, uint seed_low,
                                uint seed_high)
{
    int e = get_global_id(0), size = height * width * channels;
    uint n = get_global_id(1);
    if (e < size) {
        iso_u32x4 r =
            iso_philox(first + n, step, layer, ISO_RANDOM_AUGMENTATION, seed_low, seed_high);
        int i = e / channels / width + iso_crop_start(r.v[0], training, h, height, padding);
        int j = e / channels % width + iso_crop_start(r.v[1], training, w, width, padding);
        bool inside = i >= 0 && i < h && j >= 0 && j < w;
        ulong at = ((n * (ulong)h + i) * w + j) * channels + e % channels;
        float value = 0.0f;
        if (inside)
            value = x[x_at + at];
        y[y_at + n * (ulong)size + e] = value;
    }
}
