/* image_data_generator.cl: images sampled at the places that a random affine map gives
 * (core/arithmetic/sampling.h). */
#include "common.h"
#include "core/arithmetic/sampling.h"
#include "core/arithmetic/recolour.h"
#include "sample.h"

/* A work-item draws the map of an image. */
kernel void image_data_generator_draw(global iso_i64 *maps, ulong maps_at, uint images,
                                      iso_affine_ranges ranges, int h, int w, uint first, uint step,
                                      uint layer, uint seed_low, uint seed_high)
{
    uint n = get_global_id(0);
    if (n < images) {
        global iso_affine *map = (global iso_affine *)(maps + maps_at) + n;
        *map = iso_affine_draw(ranges, h, w, first + n, step, layer, seed_low, seed_high);
    }
}

/* Work-items along the first axis take an image's elements, the second axis the images. */
kernel void image_data_generator_forward(global const float *x, ulong x_at,
                                         global const iso_i64 *maps, ulong maps_at, global float *y,
                                         ulong y_at, iso_axis rows, iso_axis columns, int channels,
                                         float cval)
{
    int e = get_global_id(0), w = columns.size, size = rows.size * w * channels;
    ulong n = get_global_id(1), image = n * (ulong)size;
    if (e < size) {
        iso_affine m = ((global const iso_affine *)(maps + maps_at))[n];
        iso_i64 i = e / channels / w, j = e / channels % w;
        iso_i64 row = m.row[0] + m.row[1] * i + m.row[2] * j;
        iso_i64 column = m.column[0] + m.column[1] * i + m.column[2] * j;
        iso_tap r = iso_tap_of(rows, row), c = iso_tap_of(columns, column);
        y[y_at + image + e] = sample(x + x_at + image, w, channels, e % channels, r, c, cval);
    }
}

/* A group of 16 work-items looks at an image, and finds what its values become. */
kernel void image_data_generator_colours(global const float *y, ulong y_at, global float *colours,
                                         ulong colours_at, int size, iso_colour_ranges ranges,
                                         uint first, uint step, uint layer, uint seed_low,
                                         uint seed_high)
{
    local float least[ISO_LANES], most[ISO_LANES];
    int lane = get_local_id(0);
    uint n = get_group_id(0);
    iso_levels extent = iso_levels_of_none();
    y += y_at + n * (ulong)size;
    for (int e = lane; e < size; e += ISO_LANES)
        extent = iso_levels_with(extent, y[e]);
    least[lane] = extent.least;
    most[lane] = extent.most;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane == 0) {
        for (int i = 1; i < ISO_LANES; i++) {
            extent.least = least[i] < extent.least ? least[i] : extent.least;
            extent.most = most[i] > extent.most ? most[i] : extent.most;
        }
        ((global iso_recolour *)(colours + colours_at))[n] =
            iso_recolour_draw(ranges, extent, first + n, step, layer, seed_low, seed_high);
    }
}

/* Work-items along the first axis take an image's elements, the second axis the images. */
kernel void image_data_generator_recolour(global float *y, ulong y_at, global const float *colours,
                                          ulong colours_at, int size)
{
    int e = get_global_id(0);
    ulong n = get_global_id(1);
    if (e < size) {
        iso_recolour c = ((global const iso_recolour *)(colours + colours_at))[n];
        y[y_at + n * size + e] = iso_recoloured(c, y[y_at + n * size + e]);
    }
}
