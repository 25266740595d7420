/* random_brightness.cl: a number drawn for each image added to its values
 * (core/ops/random_brightness.h). */
#include "common.h"
#include "core/arithmetic/sampling.h"

/* Work-items along the first axis take an image's elements, the second axis the images. */
kernel void random_brightness_forward(global const float *x, ulong x_at, global float *y,
                                      ulong y_at, int size, float from, float span, float least,
                                      float most, uint first, uint step, uint layer, uint seed_low,
                                      uint seed_high)
{
    int e = get_global_id(0);
    uint n = get_global_id(1);
    if (e < size) {
        iso_u32x4 r =
            iso_philox(first + n, step, layer, ISO_RANDOM_AUGMENTATION, seed_low, seed_high);
        ulong at = n * (ulong)size + e;
        y[y_at + at] = iso_brightness(x[x_at + at], iso_draw(r.v[0], from, span), least, most);
    }
}
