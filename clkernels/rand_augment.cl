/* rand_augment.cl: pictures of whole levels, changed as torchvision's RandAugment does
 * (core/arithmetic/rand_augment.h). */
#include "common.h"
#include "core/arithmetic/sampling.h"
#include "core/arithmetic/rand_augment.h"

/* Work-items along the first axis take an image's elements, the second axis the images. */
kernel void rand_augment_levels(global const float *x, ulong x_at, global uchar *levels,
                                ulong levels_at, iso_rand_augment k, int pixels)
{
    int e = get_global_id(0), size = pixels * k.channels;
    ulong at = get_global_id(1) * (ulong)size + e;
    if (e < size)
        levels[levels_at + at] = (uchar)iso_level_of(k, e % k.channels, x[x_at + at]);
}

static inline int grey(global const uchar *at) { return iso_grey_level(at[0], at[1], at[2]); }

/* A group of 16 work-items takes a channel of an image: draws the image's change, counts levels if
 * it needs their counts, and makes the table of what becomes of each. */
kernel void rand_augment_tables(global const uchar *levels, ulong levels_at, global int *drawn,
                                ulong drawn_at, global uchar *tables, ulong tables_at,
                                iso_rand_augment k, int number, int pixels, uint first, uint step,
                                uint layer, uint seed_low, uint seed_high)
{
    local int counts[ISO_LANES][ISO_LEVELS], below[ISO_LEVELS];
    local iso_level_counts total;
    const int lane = get_local_id(0), channel = get_group_id(0);
    const uint n = get_group_id(1);
    const iso_rand_drawn d = iso_rand_draw(k, number, first + n, step, layer, seed_low, seed_high);
    const int of_grey = (d.change == ISO_RAND_CONTRAST) & (k.channels == 3);
    global const uchar *picture = levels + levels_at + n * ((ulong)pixels * k.channels);
    for (int v = 0; v < ISO_LEVELS; v++)
        counts[lane][v] = 0;
    for (int p = lane; iso_rand_counts(d.change) && p < pixels; p += ISO_LANES) {
        global const uchar *at = picture + (ulong)p * k.channels;
        counts[lane][of_grey ? grey(at) : at[channel]]++;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int v = lane; v < ISO_LEVELS; v += ISO_LANES) {
        int count = 0;
        for (int l = 0; l < ISO_LANES; l++)
            count += counts[l][v];
        below[v] = count;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane == 0) {
        iso_level_counts all = iso_no_levels();
        for (int v = 0; v < ISO_LEVELS; v++) {
            const int before = all.pixels;
            all = iso_levels_and(all, v, below[v]);
            below[v] = before;
        }
        total = all;
        if (channel == 0) {
            drawn[drawn_at + 2 * (ulong)n] = d.change;
            drawn[drawn_at + 2 * (ulong)n + 1] = d.negative;
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    tables += tables_at + (n * (ulong)k.channels + channel) * ISO_LEVELS;
    for (int v = lane; v < ISO_LEVELS; v += ISO_LANES)
        tables[v] = (uchar)iso_rand_level(k, d, total, below[v], v);
}

/* The blurred level of a pixel; on the border, its own. x: its channel of the pixel; line: bytes of
 * a row. */
static inline int blurred(global const uchar *x, int i, int j, int h, int w, int channels)
{
    const int line = w * channels;
    int sum = 0;
    if ((i == 0) | (i == h - 1) | (j == 0) | (j == w - 1))
        return x[0];
    for (int r = -1; r <= 1; r++)
        sum += x[r * line - channels] + x[r * line] + x[r * line + channels];
    return iso_blurred_level(sum, x[0]);
}

/* Element e of an image after a change. */
static inline int changed(global const uchar *picture, iso_rand_augment k, iso_rand_drawn d,
                          global const uchar *tables, int h, int w, int e)
{
    const int channel = e % k.channels, i = e / k.channels / w, j = e / k.channels % w;
    const int level = picture[e];
    if (iso_rand_moves(d.change)) {
        const int shown = iso_rand_shown(iso_rand_map(k, d, h, w), i, j, h, w);
        return shown >= 0 ? picture[(ulong)shown * k.channels + channel]
                          : iso_fill_level(k, channel);
    }
    if ((d.change == ISO_RAND_COLOR) & (k.channels == 3))
        return iso_blended(k, d, level, (float)grey(picture + e - channel));
    if ((d.change == ISO_RAND_SHARPNESS) & (h > 2) & (w > 2))
        return iso_blended(k, d, level, (float)blurred(picture + e, i, j, h, w, k.channels));
    return tables[channel * ISO_LEVELS + level];
}

/* Kernels of a change, to levels and to values. Work-items along the first axis take an image's
 * elements, the second axis the images. */
#define RAND_CHANGE(name, type, result)                                                           \
    kernel void name(global const uchar *levels, ulong levels_at, global const int *drawn,        \
                     ulong drawn_at, global const uchar *tables, ulong tables_at, global type *y, \
                     ulong y_at, iso_rand_augment k, int h, int w)                                \
    {                                                                                             \
        const int e = get_global_id(0), size = h * w * k.channels;                                \
        const ulong n = get_global_id(1), at = n * (ulong)size;                                   \
        if (e < size) {                                                                           \
            iso_rand_drawn d;                                                                     \
            d.change = drawn[drawn_at + 2 * n];                                                   \
            d.negative = drawn[drawn_at + 2 * n + 1];                                             \
            const int level = changed(levels + levels_at + at, k, d,                              \
                                      tables + tables_at + n * (ulong)(k.channels * ISO_LEVELS),  \
                                      h, w, e);                                                   \
            y[y_at + at + e] = result;                                                            \
        }                                                                                         \
    }
RAND_CHANGE(rand_augment_change, uchar, (uchar)level)
RAND_CHANGE(rand_augment_last, float, iso_value_of_level(k, e % k.channels, level))
