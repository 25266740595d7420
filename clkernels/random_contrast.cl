/* random_contrast.cl: each image's values drawn apart or together about their mean
 * (core/ops/random_contrast.h). */
#include "common.h"
#include "core/arithmetic/sampling.h"

/* A work-item takes a channel of an image. */
kernel void random_contrast_mean(global const float *x, ulong x_at, global float *mean,
                                 ulong mean_at, uint n, int pixels, int channels)
{
    uint i = get_global_id(0);
    if (i < n) {
        const struct iso_rows r = { pixels, pixels };
        float total = start_of_sum();
        x += x_at + i / channels * (ulong)(pixels * channels) + i % channels;
        for (int p = 0; p < pixels;) {
            float group = start_of_sum();
            for (int stop = iso_group_end(r, p); p < stop;) {
                float sum = start_of_sum();
                for (int end = iso_block_end(r, p); p < end; p++)
                    sum = add_term(sum, x[p * channels]);
                group = add_term(group, sum);
            }
            total = add_term(total, group);
        }
        mean[mean_at + i] = iso_div(end_of_sum(total), (float)pixels);
    }
}

/* Work-items along the first axis take an image's elements, the second axis the images. */
kernel void random_contrast_forward(global const float *x, ulong x_at, global const float *mean,
                                    ulong mean_at, global float *y, ulong y_at, int size,
                                    int channels, float from, float span, float least, float most,
                                    uint first, uint step, uint layer, uint seed_low,
                                    uint seed_high)
{
    int e = get_global_id(0);
    uint n = get_global_id(1);
    if (e < size) {
        iso_u32x4 r =
            iso_philox(first + n, step, layer, ISO_RANDOM_AUGMENTATION, seed_low, seed_high);
        ulong at = n * (ulong)size + e;
        float middle = mean[mean_at + n * (ulong)channels + e % channels];
        y[y_at + at] =
            iso_contrast(x[x_at + at], middle, iso_draw(r.v[0], from, span), least, most);
    }
}
