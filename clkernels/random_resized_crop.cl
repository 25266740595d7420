/* random_resized_crop.cl: a random part of each image in one size
 * (core/arithmetic/resized_crop.h). */
#include "common.h"
#include "core/arithmetic/sampling.h"
#include "core/arithmetic/resized_crop.h"
#include "sample.h"

/* A work-item draws the part of an image. */
kernel void random_resized_crop_draw(global iso_i64 *parts, ulong parts_at, uint images,
                                     iso_resized_ranges ranges, int h, int w, int height, int width,
                                     int training, uint first, uint step, uint layer, uint seed_low,
                                     uint seed_high)
{
    uint n = get_global_id(0);
    if (n < images) {
        global iso_resized_crop *part = (global iso_resized_crop *)(parts + parts_at) + n;
        *part = iso_resized_draw(ranges, h, w, height, width, training, first + n, step, layer,
                                 seed_low, seed_high);
    }
}

/* Work-items along the first axis take an image's elements, the second axis the images. */
kernel void random_resized_crop_forward(global const float *x, ulong x_at,
                                        global const iso_i64 *parts, ulong parts_at,
                                        global float *y, ulong y_at, int h, int w, int height,
                                        int width, int channels)
{
    int e = get_global_id(0), size = height * width * channels;
    ulong n = get_global_id(1);
    if (e < size) {
        iso_resized_crop part = ((global const iso_resized_crop *)(parts + parts_at))[n];
        iso_tap r = iso_tap_of(iso_axis_of(ISO_BORDER_NEAREST, h),
                               iso_span_place(part.rows, e / channels / width));
        iso_tap c = iso_tap_of(iso_axis_of(ISO_BORDER_NEAREST, w),
                               iso_span_place(part.columns, e / channels % width));
        y[y_at + n * (ulong)size + e] =
            sample(x + x_at + n * ((ulong)h * w * channels), w, channels, e % channels, r, c, 0.0f);
    }
}
