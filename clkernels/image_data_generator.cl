/* image_data_generator.cl: images sampled at the places that a random affine map gives
 * (core/sampling.h). */
#include "common.h"
#include "sampling.h"
#include "sample.h"

/* A work-item draws the map of an image. */
kernel void image_data_generator_draw(global iso_i64 *maps, ulong maps_at, uint images,
                                      iso_affine_ranges ranges, int h, int w, uint step, uint layer,
                                      uint seed_low, uint seed_high)
{
    uint n = get_global_id(0);
    if (n < images) {
        global iso_affine *map = (global iso_affine *)(maps + maps_at) + n;
        *map = iso_affine_draw(ranges, h, w, n, step, layer, seed_low, seed_high);
    }
}

/* Work-items along the first axis take an image's elements, the second axis the images. */
kernel void image_data_generator_forward(global const float *x, ulong x_at,
                                         global const iso_i64 *maps, ulong maps_at,
                                         global float *y, ulong y_at, int h, int w, int channels,
                                         int border, float cval)
{
    int e = get_global_id(0), size = h * w * channels;
    ulong n = get_global_id(1), image = n * (ulong)size;
    if (e < size) {
        iso_affine m = ((global const iso_affine *)(maps + maps_at))[n];
        iso_i64 i = e / channels / w, j = e / channels % w;
        iso_i64 row = m.row[0] + m.row[1] * i + m.row[2] * j;
        iso_i64 column = m.column[0] + m.column[1] * i + m.column[2] * j;
        iso_tap r = iso_tap_at(iso_axis_of(border, h), iso_place_pixel(row), iso_place_rest(row));
        iso_tap c =
            iso_tap_at(iso_axis_of(border, w), iso_place_pixel(column), iso_place_rest(column));
        y[y_at + image + e] = sample(x + x_at + image, w, channels, e % channels, r, c, cval);
    }
}
