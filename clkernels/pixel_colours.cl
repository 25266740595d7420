/* pixel_colours.cl: random hue and random saturation (core/ops/pixel_colours.h). */
#include "common.h"
#include "core/arithmetic/sampling.h"
#include "core/arithmetic/hue.h"

/* Work-items along the first axis take an image's pixels, the second axis the images. */
#define PIXEL_COLOURS(name, draw, change)                                                          \
    kernel void name##_forward(global const float *x, ulong x_at, global float *y, ulong y_at,     \
                               int pixels, iso_pixel_colours k, uint first, uint step, uint layer, \
                               uint seed_low, uint seed_high)                                      \
    {                                                                                              \
        int i = get_global_id(0);                                                                  \
        ulong n = get_global_id(1), at = (n * pixels + i) * 3;                                     \
        if (i < pixels) {                                                                          \
            iso_u32x4 r = iso_philox(first + (uint)n, step, layer, ISO_RANDOM_AUGMENTATION,        \
                                     seed_low, seed_high);                                         \
            iso_rgb p;                                                                             \
            p.v[0] = x[x_at + at];                                                                 \
            p.v[1] = x[x_at + at + 1];                                                             \
            p.v[2] = x[x_at + at + 2];                                                             \
            p = change(p, draw(r.v[0], r.v[1], k), k);                                             \
            y[y_at + at] = p.v[0];                                                                 \
            y[y_at + at + 1] = p.v[1];                                                             \
            y[y_at + at + 2] = p.v[2];                                                             \
        }                                                                                          \
    }
ISO_PIXEL_COLOURS(PIXEL_COLOURS)
