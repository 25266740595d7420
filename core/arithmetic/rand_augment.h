/* rand_augment.h: the changes of torchvision's RandAugment, valid C11 and OpenCL C 1.2
 * (core/ops/rand_augment.h). They are made on pictures of 256 levels, in whole numbers; the few
 * numbers that torchvision rounds to float on the way are rounded here in the same places, in the
 * double reference, too. */
#ifndef ISO_RAND_AUGMENT_H
#define ISO_RAND_AUGMENT_H

#ifndef __OPENCL_C_VERSION__
#include "random.h"
#include "sampling.h"
#endif

#define ISO_LEVELS 256

/* The changes, in torchvision's order. */
enum iso_rand_change {
    ISO_RAND_IDENTITY,
    ISO_RAND_SHEAR_X,
    ISO_RAND_SHEAR_Y,
    ISO_RAND_TRANSLATE_X,
    ISO_RAND_TRANSLATE_Y,
    ISO_RAND_ROTATE,
    ISO_RAND_BRIGHTNESS,
    ISO_RAND_COLOR,
    ISO_RAND_CONTRAST,
    ISO_RAND_SHARPNESS,
    ISO_RAND_POSTERIZE,
    ISO_RAND_SOLARIZE,
    ISO_RAND_AUTOCONTRAST,
    ISO_RAND_EQUALIZE,
    ISO_RAND_CHANGES
};

/* A number for each channel. (On rusticl, an index that is not constant reads only 0 from an array
 * within a kernel's argument.) */
typedef struct {
    iso_real a, b, c;
} iso_of_channels;

/* The numbers that all images of a call have in common: the magnitudes of the changes, as shear and
 * turn (places), shifts (pixels), shares of the image in a blend with another picture, and of that,
 * for the magnitude (more) and its negative (less), bits to keep, and the first level that is
 * inverted; the levels beyond the borders; black, the width of a level and its inverse. (gcc 12
 * leaves the rounding of doubles to floats and back out where it sets two members side by side.) */
typedef struct {
    iso_i64 shear, sine, cosine;
    iso_of_channels black, unit, inverse, fill;
    float more, more_other, less, less_other;
    iso_i32 rows, columns, bits, inverted, changes, channels;
} iso_rand_augment;

/* A change that is drawn for an image; negative: with its magnitude's negative. */
typedef struct {
    iso_i32 change, negative;
} iso_rand_drawn;

ISO_FN iso_real iso_of_channel(iso_of_channels v, iso_i32 channel)
{
    return channel == 0 ? v.a : channel == 1 ? v.b : v.c;
}

/* Change number `number` of an image takes the first two words of Philox block changes image +
 * number. */
ISO_FN iso_rand_drawn iso_rand_draw(iso_rand_augment k, iso_i32 number, iso_u32 image, iso_u32 step,
                                    iso_u32 layer, iso_u32 key0, iso_u32 key1)
{
    iso_u32x4 r = iso_philox((iso_u32)k.changes * image + (iso_u32)number, step, layer,
                             ISO_RANDOM_AUGMENTATION, key0, key1);
    iso_rand_drawn d;
    d.change = (iso_i32)iso_mul_hi(r.v[0], ISO_RAND_CHANGES);
    d.negative = (iso_i32)(r.v[1] >> 31);
    return d;
}

/* ---- Levels --------------------------------------------------------------------------------- */

/* Rounds to a float, which iso_real is already except in the double reference. */
ISO_FN iso_real iso_as_float(iso_real x) { return (iso_real)(float)x; }

/* a b, rounded, as an fma, which no compiler contracts with the addition that follows. */
ISO_FN iso_real iso_rounded_product(iso_real a, iso_real b)
{
    return iso_as_float(iso_fma(a, b, ISO_R(0.0)));
}

/* Cuts off what a number has after the point, and holds it to 0 to 255; NaN becomes 0. */
ISO_FN iso_i32 iso_whole_level(iso_real x)
{
    x = x > ISO_R(0.0) ? x : ISO_R(0.0);
    x = x < ISO_R(255.0) ? x : ISO_R(255.0);
    return (iso_i32)x;
}

/* The nearest level of a value, and the value of a level. */
ISO_FN iso_i32 iso_level_of(iso_rand_augment k, iso_i32 channel, iso_real x)
{
    iso_real inverse = iso_as_float(iso_of_channel(k.inverse, channel));
    iso_real above = iso_as_float(x - iso_as_float(iso_of_channel(k.black, channel)));
    return iso_whole_level(iso_as_float(iso_fma(above, inverse, ISO_R(0.5))));
}

ISO_FN iso_real iso_value_of_level(iso_rand_augment k, iso_i32 channel, iso_i32 level)
{
    return iso_flush(iso_fma((iso_real)level, iso_of_channel(k.unit, channel),
                             iso_of_channel(k.black, channel)));
}

ISO_FN iso_i32 iso_fill_level(iso_rand_augment k, iso_i32 channel)
{
    return (iso_i32)iso_of_channel(k.fill, channel);
}

/* torchvision's _blend of a level and another picture's number. */
ISO_FN iso_i32 iso_blended(iso_rand_augment k, iso_rand_drawn d, iso_i32 level, iso_real other)
{
    iso_real share = (iso_real)(d.negative ? k.less : k.more);
    iso_real other_share = (iso_real)(d.negative ? k.less_other : k.more_other);
    iso_real own = iso_rounded_product(share, (iso_real)level);
    iso_real rest = iso_rounded_product(other_share, other);
    return iso_whole_level(iso_as_float(own + rest));
}

/* torchvision's rgb_to_grayscale. */
ISO_FN iso_i32 iso_grey_level(iso_i32 red, iso_i32 green, iso_i32 blue)
{
    iso_real r = iso_rounded_product(iso_as_float(ISO_R(0.2989)), (iso_real)red);
    iso_real g = iso_rounded_product(iso_as_float(ISO_R(0.587)), (iso_real)green);
    iso_real b = iso_rounded_product(iso_as_float(ISO_R(0.114)), (iso_real)blue);
    return iso_whole_level(iso_as_float(iso_as_float(r + g) + b));
}

/* The level of a pixel among its eight neighbours, of the sum of all nine: torchvision's
 * _blurred_degenerate_image. The pixel counts five times, so that the sum is one of 13 levels, and
 * its 13th part is never half-way between two. */
ISO_FN iso_i32 iso_blurred_level(iso_i32 sum, iso_i32 middle)
{
    return (2 * (sum + 4 * middle) + 13) / 26;
}

/* ---- Changes by a table of levels ------------------------------------------------------------ */

/* The levels of a picture: the least and the greatest level, the number of pixels, of those with
 * the greatest level, and the sum of all levels. */
typedef struct {
    iso_i64 sum;
    iso_i32 least, most, pixels, last;
} iso_level_counts;
ISO_FN iso_level_counts iso_no_levels(void)
{
    iso_level_counts c;
    c.sum = 0;
    c.least = c.most = c.pixels = c.last = 0;
    return c;
}

/* The same with `count` pixels of a level that is above all earlier ones. */
ISO_FN iso_level_counts iso_levels_and(iso_level_counts c, iso_i32 level, iso_i32 count)
{
    if (count > 0) {
        c.least = c.pixels == 0 ? level : c.least;
        c.most = level;
        c.last = count;
        c.pixels += count;
        c.sum += (iso_i64)level * count;
    }
    return c;
}

/* Returns the mean of a picture. Its sum has up to 36 bits, of which a float's fma rounds once. */
ISO_FN iso_real iso_mean_level(iso_level_counts c)
{
    iso_real sum = iso_as_float(iso_fma((iso_real)(iso_i32)(c.sum >> 24), ISO_R(0x1p24),
                                        (iso_real)(iso_i32)(c.sum & 0xFFFFFF)));
    return iso_as_float(iso_div(sum, iso_as_float((iso_real)c.pixels)));
}

/* torchvision's autocontrast: the least level becomes 0, and the greatest 255, or 254 by a rounding
 * error; PyTorch divides 255 by a number as 255 times its inverse. */
ISO_FN iso_i32 iso_stretched_level(iso_level_counts c, iso_i32 level)
{
    iso_real inverse = iso_as_float(iso_div(ISO_R(1.0), (iso_real)(c.most - c.least)));
    iso_real scale = iso_rounded_product(inverse, ISO_R(255.0));
    iso_i32 stretched = iso_whole_level(iso_rounded_product((iso_real)(level - c.least), scale));
    return c.most > c.least ? stretched : level;
}

/* torchvision's equalize; below: the number of pixels of lower levels. */
ISO_FN iso_i32 iso_equalized_level(iso_level_counts c, iso_i32 below, iso_i32 level)
{
    iso_i32 each = (c.pixels - c.last) / 255, own = each > 0 ? each : 1;
    iso_i32 equal = (below + own / 2) / own;
    return each == 0 ? level : equal > 255 ? 255 : equal;
}

/* Returns true if the change needs the counts of its channel's levels; contrast needs those of the
 * grey picture. */
ISO_FN iso_i32 iso_rand_counts(iso_i32 change)
{
    return (change == ISO_RAND_CONTRAST) | (change == ISO_RAND_AUTOCONTRAST) |
           (change == ISO_RAND_EQUALIZE);
}

/* Returns what becomes of a level by a change that looks at no other pixel; by the others, the
 * level itself. */
ISO_FN iso_i32 iso_rand_level(iso_rand_augment k, iso_rand_drawn d, iso_level_counts c,
                              iso_i32 below, iso_i32 level)
{
    switch (d.change) {
    case ISO_RAND_BRIGHTNESS: return iso_blended(k, d, level, ISO_R(0.0));
    case ISO_RAND_CONTRAST: return iso_blended(k, d, level, iso_mean_level(c));
    case ISO_RAND_POSTERIZE: return level & k.bits;
    case ISO_RAND_SOLARIZE: return level >= k.inverted ? 255 - level : level;
    case ISO_RAND_AUTOCONTRAST: return iso_stretched_level(c, level);
    case ISO_RAND_EQUALIZE: return iso_equalized_level(c, below, level);
    default: return level;
    }
}

/* ---- Changes of places ---------------------------------------------------------------------- */

ISO_FN iso_i32 iso_rand_moves(iso_i32 change)
{
    return (change >= ISO_RAND_SHEAR_X) & (change <= ISO_RAND_ROTATE);
}

/* Returns the map from pixels of the result to places of an image of h x w pixels. Shears leave the
 * image's upper or left border where it is, a half pixel before its first row or column; rotations
 * leave its middle, and turn it against the clock for a positive angle. */
ISO_FN iso_affine iso_rand_map(iso_rand_augment k, iso_rand_drawn d, iso_i32 h, iso_i32 w)
{
    iso_i64 shear = d.negative ? -k.shear : k.shear, sine = d.negative ? -k.sine : k.sine;
    iso_i64 columns = d.negative ? -k.columns : k.columns, rows = d.negative ? -k.rows : k.rows;
    iso_affine m;
    m.row[0] = m.row[2] = m.column[0] = m.column[1] = 0;
    m.row[1] = m.column[2] = ISO_PLACE_ONE;
    switch (d.change) {
    case ISO_RAND_SHEAR_X:
        m.column[0] = shear / 2;
        m.column[1] = shear;
        break;
    case ISO_RAND_SHEAR_Y:
        m.row[0] = shear / 2;
        m.row[2] = shear;
        break;
    case ISO_RAND_TRANSLATE_X: m.column[0] = -columns * ISO_PLACE_ONE; break;
    case ISO_RAND_TRANSLATE_Y: m.row[0] = -rows * ISO_PLACE_ONE; break;
    case ISO_RAND_ROTATE:
        m.row[0] = iso_affine_base(ISO_R(0.0), k.cosine, sine, h - 1, w - 1);
        m.column[0] = iso_affine_base(ISO_R(0.0), k.cosine, -sine, w - 1, h - 1);
        m.row[1] = m.column[2] = k.cosine;
        m.row[2] = sine;
        m.column[1] = -sine;
        break;
    default: break;
    }
    return m;
}

/* Returns the pixel that is nearest to a place. */
ISO_FN iso_i32 iso_nearest_pixel(iso_i64 place)
{
    return iso_place_pixel(place + ISO_PLACE_ONE / 2);
}

/* Returns the number of the image's pixel that pixel (i, j) of the result shows; -1: none. */
ISO_FN iso_i32 iso_rand_shown(iso_affine m, iso_i32 i, iso_i32 j, iso_i32 h, iso_i32 w)
{
    iso_i32 row = iso_nearest_pixel(m.row[0] + m.row[1] * i + m.row[2] * j);
    iso_i32 column = iso_nearest_pixel(m.column[0] + m.column[1] * i + m.column[2] * j);
    iso_i32 inside = (row >= 0) & (row < h) & (column >= 0) & (column < w);
    return inside ? row * w + column : -1;
}

#endif
