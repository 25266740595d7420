/* sampling.h: random changes of images, valid C11 and OpenCL C 1.2: affine maps, elastic fields,
 * pixels beyond the borders, bilinear weights; windows, brightness, contrast, mixtures. They follow
 * Keras's ImageDataGenerator and scipy.ndimage (version 1.6 and later) with order 1.
 *
 * Pixel (i, j) of the result is the image at (row, column), a place computed by an affine map or
 * from elastic fields. An affine map's places are multiples of 2^-40 pixel, so that sums of them
 * are exact, in any order and on every device; only the map's own numbers are rounded. Images have
 * at most ISO_SIDE_MOST pixels per side and zoom is at most 16, so that every place fits in 63
 * bits. */
#ifndef ISO_SAMPLING_H
#define ISO_SAMPLING_H

#ifdef __OPENCL_C_VERSION__
typedef long iso_i64;
typedef ulong iso_u64;
#else
#include "arith.h"
#include "random.h"
typedef int64_t iso_i64;
typedef uint64_t iso_u64;
#endif

#define ISO_SIDE_MOST 16384
#define ISO_PLACE_BITS 40
#define ISO_PLACE_ONE ((iso_i64)1 << ISO_PLACE_BITS)
#define ISO_PLACE_ZERO ((iso_i64)1 << 62) /* makes every place positive when added */
#define ISO_PLACE_ZERO_PIXEL 4194304      /* the same in pixels */

/* ---- Places -------------------------------------------------------------------------------- */

/* Converts x pixels to a place; x is clamped to the range for which the sums below cannot overflow.
 */
ISO_FN iso_i64 iso_place(iso_real x)
{
    x = x > ISO_R(-65536.0) ? x : ISO_R(-65536.0);
    x = x < ISO_R(65536.0) ? x : ISO_R(65536.0);
    return (iso_i64)(x * ISO_R(0x1p40));
}

/* Returns the index of the pixel at or before a place. */
ISO_FN iso_i32 iso_place_pixel(iso_i64 place)
{
    return (iso_i32)((iso_u64)(place + ISO_PLACE_ZERO) >> ISO_PLACE_BITS) - ISO_PLACE_ZERO_PIXEL;
}

/* Returns the distance from that pixel to the place, from 0 to 1: 31 bits of it, rounded to
 * nearest. The double reference uses all 40 bits. */
#ifdef ISO_DOUBLE
ISO_FN iso_real iso_place_rest(iso_i64 place)
{
    return (iso_real)((iso_u64)place & 0xFFFFFFFFFFu) * 0x1p-40;
}
#else
ISO_FN iso_real iso_place_rest(iso_i64 place)
{
    return (iso_real)(iso_i32)((iso_u32)((iso_u64)place >> 9) & 0x7FFFFFFFu) * ISO_R(0x1p-31);
}
#endif

/* ---- Borders ------------------------------------------------------------------------------- */

/* The pixels beyond the borders of an image a b c d. nearest: a a|a b c d|d d; constant: one value;
 * reflect: b a|a b c d|d c; wrap: c d a b c d a b, where d and the next a are the same place. */
enum iso_border { ISO_BORDER_NEAREST, ISO_BORDER_CONSTANT, ISO_BORDER_REFLECT, ISO_BORDER_WRAP };

/* An axis of an image: its number of pixels, the period in pixels after which it repeats itself,
 * and 1 / period. */
typedef struct {
    iso_i32 border, size, period;
    iso_real inverse;
} iso_axis;
ISO_FN iso_axis iso_axis_of(iso_i32 border, iso_i32 size)
{
    iso_axis a;
    a.border = border;
    a.size = size;
    a.period = border == ISO_BORDER_REFLECT ? 2 * size : size - 1;
    a.period = a.period < 1 ? 1 : a.period;
    a.inverse = iso_div(ISO_R(1.0), (iso_real)a.period);
    return a;
}

/* Returns i modulo period, never negative, for |i| < 2^23. The estimate of the quotient is off by
 * at most one, so the result does not depend on its rounding. */
ISO_FN iso_i32 iso_modulo(iso_i32 i, iso_i32 period, iso_real inverse)
{
    iso_real quotient = (iso_real)i * inverse;
    iso_i32 q = (iso_i32)quotient - (quotient < ISO_R(0.0) ? 1 : 0), r = i - q * period;
    r = r < 0 ? r + period : r;
    return r >= period ? r - period : r;
}

/* A place along an axis: the two pixels around it, the share of the second, and 1 in `inside` if
 * the place is on the image. */
typedef struct {
    iso_i32 low, high, inside;
    iso_real share;
} iso_tap;

ISO_FN iso_tap iso_tap_at(iso_axis a, iso_i32 pixel, iso_real share)
{
    iso_tap t;
    iso_i32 last = a.size - 1;
    t.inside = 1;
    t.share = share;
    if (a.border == ISO_BORDER_REFLECT) {
        iso_i32 r = iso_modulo(pixel, a.period, a.inverse), s = r + 1 == a.period ? 0 : r + 1;
        t.low = r < a.size ? r : a.period - 1 - r;
        t.high = s < a.size ? s : a.period - 1 - s;
        return t;
    }
    /* At the last pixel exactly, low and high are both that pixel. */
    iso_i32 whole = share == ISO_R(0.0), at_last = (pixel == last) & whole;
    if (a.border == ISO_BORDER_WRAP) {
        iso_i32 r = iso_modulo(pixel, a.period, a.inverse);
        at_last = at_last | ((pixel < 0) & (r == 0) & whole) | (last == 0);
        t.low = at_last ? last : r;
    } else {
        iso_i32 before = pixel < 0, behind = pixel >= last;
        t.inside = (a.border != ISO_BORDER_CONSTANT) | !(before | (behind & !at_last));
        t.low = before ? 0 : behind ? last : pixel;
        t.share = before | behind ? ISO_R(0.0) : share;
    }
    t.high = t.low < last ? t.low + 1 : last;
    return t;
}

/* The tap of a place. */
ISO_FN iso_tap iso_tap_of(iso_axis a, iso_i64 place)
{
    return iso_tap_at(a, iso_place_pixel(place), iso_place_rest(place));
}

/* ---- Values -------------------------------------------------------------------------------- */

/* (1 - t) a + t b. */
ISO_FN iso_real iso_between_pixels(iso_real a, iso_real b, iso_real t)
{
    return iso_flush(iso_fma(t, b, iso_flush(iso_fma(-t, a, a))));
}

/* Returns the image at a place between the pixels a, b above and c, d below; `below` and `right`
 * are the shares of the lower row and the right column. The error is within 2 ULP of the largest of
 * the four. */
ISO_FN iso_real iso_bilinear(iso_real a, iso_real b, iso_real c, iso_real d, iso_real below,
                             iso_real right)
{
    return iso_between_pixels(iso_between_pixels(a, b, right), iso_between_pixels(c, d, right),
                              below);
}

/* ---- Affine maps --------------------------------------------------------------------------- */

/* The distribution of a shift along an axis: uniform from -range to range; or, if `whole` > 0, one
 * of 0, 1, ... whole - 1; or, if `listed` > 0, one of the first `listed` numbers of the list; the
 * last two with a random sign. share: the shift is a share of the image's size, not a number of
 * pixels. */
#define ISO_SHIFTS 8
typedef struct {
    iso_real range, list[ISO_SHIFTS];
    iso_i32 whole, listed, share;
} iso_shift;

/* The ranges from which an affine map is drawn. Angles are in radians. */
typedef struct {
    iso_shift height, width;
    iso_real rotation, shear, zoom_from, zoom_span;
    iso_i32 horizontal_flip, vertical_flip;
    iso_i32 swapped; /* the convention of Keras 2.9 and later */
} iso_affine_ranges;

/* row = row[0] + row[1] i + row[2] j, as places; column likewise. */
typedef struct {
    iso_i64 row[3], column[3];
} iso_affine;

/* The indices of an image's draws: draw d is word d & 3 of Philox block 4 image + (d >> 2). */
enum {
    ISO_DRAW_ROTATION,
    ISO_DRAW_HEIGHT,
    ISO_DRAW_HEIGHT_SIGN,
    ISO_DRAW_WIDTH,
    ISO_DRAW_WIDTH_SIGN,
    ISO_DRAW_SHEAR,
    ISO_DRAW_ZOOM_ROWS,
    ISO_DRAW_ZOOM_COLUMNS,
    ISO_DRAW_HORIZONTAL_FLIP,
    ISO_DRAW_VERTICAL_FLIP,
    ISO_DRAW_CHANNEL_SHIFT,
    ISO_DRAW_BRIGHTNESS,
    ISO_DRAW_BLOCKS = 4
};

/* from + u span, u uniform in [0, 1). */
ISO_FN iso_real iso_draw(iso_u32 word, iso_real from, iso_real span)
{
    return iso_fma(iso_unit(word), span, from);
}

/* Returns number i of a shift's list. (On rusticl, an index that is not constant reads only 0 from
 * an array within a kernel's argument.) */
ISO_FN iso_real iso_shift_listed(iso_shift s, iso_u32 i)
{
    iso_real a = i & 1u ? s.list[1] : s.list[0], b = i & 1u ? s.list[3] : s.list[2];
    iso_real c = i & 1u ? s.list[5] : s.list[4], d = i & 1u ? s.list[7] : s.list[6];
    a = i & 2u ? b : a;
    c = i & 2u ? d : c;
    return i & 4u ? c : a;
}

/* Draws a shift, in pixels, along an axis of `size` pixels. */
ISO_FN iso_real iso_draw_shift(iso_u32 word, iso_u32 sign, iso_shift s, iso_i32 size)
{
    iso_real chosen = (iso_real)(iso_i32)iso_mul_hi(word, (iso_u32)s.whole);
    iso_real shift = iso_draw(word, -s.range, s.range + s.range);
    chosen = s.listed > 0 ? iso_shift_listed(s, iso_mul_hi(word, (iso_u32)s.listed)) : chosen;
    shift = s.whole > 0 || s.listed > 0 ? (sign >> 31 ? chosen : -chosen) : shift;
    return s.share ? shift * (iso_real)size : shift;
}

/* One axis of a map about a centre: place = centre + shift + a (i - centre) + b (j - other), where
 * centre2 and other2 are the doubled centres. */
ISO_FN iso_i64 iso_affine_base(iso_real shift, iso_i64 a, iso_i64 b, iso_i32 centre2,
                               iso_i32 other2)
{
    return iso_place(shift) + (centre2 * (ISO_PLACE_ONE - a) - other2 * b) / 2;
}

/* The map of an image of h x w pixels: rotation . shift . shear . zoom about the image's centre,
 * then flips. Keras's releases up to 2.8 take 1/2 + half the size as the centre and apply the
 * matrix to (row, column). Releases from 2.9 on take -1/2 + half the size and apply the matrix to
 * (column, row); the centre and the shifts stay with the first axis, so that they are swapped too
 * on an image that is not square. */
ISO_FN iso_affine iso_affine_draw(iso_affine_ranges g, iso_i32 h, iso_i32 w, iso_u32 image,
                                  iso_u32 step, iso_u32 layer, iso_u32 key0, iso_u32 key1)
{
    iso_u32 first = ISO_DRAW_BLOCKS * image;
    iso_u32x4 p = iso_philox(first, step, layer, ISO_RANDOM_AUGMENTATION, key0, key1);
    iso_u32x4 q = iso_philox(first + 1u, step, layer, ISO_RANDOM_AUGMENTATION, key0, key1);
    iso_u32x4 r = iso_philox(first + 2u, step, layer, ISO_RANDOM_AUGMENTATION, key0, key1);
    iso_real theta = iso_draw(p.v[0], -g.rotation, g.rotation + g.rotation);
    iso_real s = iso_sin(theta), c = iso_cos(theta);
    iso_real tx = iso_draw_shift(p.v[1], p.v[2], g.height, h);
    iso_real ty = iso_draw_shift(p.v[3], q.v[0], g.width, w);
    iso_real shear = iso_draw(q.v[1], -g.shear, g.shear + g.shear);
    iso_real sine = iso_sin(shear), cosine = iso_cos(shear);
    iso_real zx = iso_draw(q.v[2], g.zoom_from, g.zoom_span);
    iso_real zy = iso_draw(q.v[3], g.zoom_from, g.zoom_span);
    /* [c -s; s c] [1 tx; 1 ty] [1 -sine; 0 cosine] [zx 0; 0 zy] */
    iso_real shift_x = iso_fma(c, tx, -(s * ty)), shift_y = iso_fma(s, tx, c * ty);
    iso_i64 xx = iso_place(c * zx), yx = iso_place(s * zx);
    iso_i64 xy = iso_place(iso_fma(-c, sine, -(s * cosine)) * zy);
    iso_i64 yy = iso_place(iso_fma(-s, sine, c * cosine) * zy);
    iso_i32 x2 = g.swapped ? h - 1 : h + 1, y2 = g.swapped ? w - 1 : w + 1;
    iso_affine m;
    m.row[0] = g.swapped ? iso_affine_base(shift_y, yy, yx, y2, x2)
                         : iso_affine_base(shift_x, xx, xy, x2, y2);
    m.row[1] = g.swapped ? yy : xx;
    m.row[2] = g.swapped ? yx : xy;
    m.column[0] = g.swapped ? iso_affine_base(shift_x, xx, xy, x2, y2)
                            : iso_affine_base(shift_y, yy, yx, y2, x2);
    m.column[1] = g.swapped ? xy : yx;
    m.column[2] = g.swapped ? xx : yy;
    /* A flip is the last step: pixel (i, w - 1 - j). */
    if (g.horizontal_flip && r.v[0] >> 31 == 0) {
        m.row[0] += m.row[2] * (w - 1);
        m.column[0] += m.column[2] * (w - 1);
        m.row[2] = -m.row[2];
        m.column[2] = -m.column[2];
    }
    if (g.vertical_flip && r.v[1] >> 31 == 0) {
        m.row[0] += m.row[1] * (h - 1);
        m.column[0] += m.column[1] * (h - 1);
        m.row[1] = -m.row[1];
        m.column[1] = -m.column[1];
    }
    return m;
}

/* ---- Elastic fields ------------------------------------------------------------------------ */

/* scipy.ndimage.gaussian_filter: its radius in pixels, four standard deviations, and its weights,
 * each a term divided by the sum of the terms. */
#define ISO_GAUSSIAN_MOST 64
ISO_FN iso_i32 iso_gaussian_radius(iso_real sigma)
{
    iso_i32 radius = (iso_i32)iso_fma(ISO_R(4.0), sigma, ISO_R(0.5));
    return radius > ISO_GAUSSIAN_MOST ? ISO_GAUSSIAN_MOST : radius;
}

ISO_FN iso_real iso_gaussian_term(iso_real sigma, iso_i32 k)
{
    return iso_exp(-iso_div(ISO_R(0.5), sigma * sigma) * (iso_real)(k * k));
}

ISO_FN iso_real iso_gaussian_sum(iso_real sigma, iso_i32 radius)
{
    iso_real sum = ISO_R(1.0);
    for (iso_i32 k = 1; k <= radius; k++)
        sum = iso_fma(ISO_R(2.0), iso_gaussian_term(sigma, k), sum);
    return sum;
}

/* Returns the number of Philox blocks of an image: one for its alpha, then those of the row field
 * and the column field, h x w numbers each. */
ISO_FN iso_u32 iso_elastic_blocks(iso_i32 h, iso_i32 w)
{
    return 1u + ((iso_u32)h * (iso_u32)w * 2u + 3u) / 4u;
}

/* A field's number, uniform in [-1, 1). */
ISO_FN iso_real iso_elastic_noise(iso_u32 word) { return iso_draw(word, ISO_R(-1.0), ISO_R(2.0)); }

/* The displacement of a pixel: a smoothed sum, complete, times alpha. */
ISO_FN iso_real iso_elastic_displacement(iso_real sum, iso_real alpha)
{
    return iso_flush(iso_flush(sum) * alpha);
}

/* Returns the whole pixels of a displacement, rounded down, and the rest, from 0 to 1, in *share.
 */
ISO_FN iso_i32 iso_displaced(iso_real d, iso_real *share)
{
    d = d > ISO_R(-65536.0) ? d : ISO_R(-65536.0);
    d = d < ISO_R(65536.0) ? d : ISO_R(65536.0);
    iso_i32 whole = (iso_i32)d;
    whole = (iso_real)whole > d ? whole - 1 : whole;
    *share = d - (iso_real)whole;
    return whole;
}

/* ---- Windows, brightness, contrast --------------------------------------------------------- */

/* Returns the first pixel of a random window along an axis; negative: in the padding. Outside
 * training the window is in the middle. */
ISO_FN iso_i32 iso_crop_start(iso_u32 word, int training, iso_i32 size, iso_i32 wanted,
                              iso_i32 padding)
{
    iso_u32 choices = (iso_u32)(size + 2 * padding - wanted + 1);
    iso_i32 start = (iso_i32)iso_mul_hi(word, choices) - padding;
    return training ? start : (size - wanted) / 2;
}

/* Returns the first pixel of a rectangle along an axis; its middle may be any pixel. */
ISO_FN iso_i32 iso_cut_start(iso_u32 word, iso_i32 size, iso_i32 wanted)
{
    return (iso_i32)iso_mul_hi(word, (iso_u32)size) - wanted / 2;
}

/* Clamps x to a range; NaN stays NaN. */
ISO_FN iso_real iso_held(iso_real x, iso_real least, iso_real most)
{
    x = x < least ? least : x;
    return x > most ? most : x;
}

ISO_FN iso_real iso_brightness(iso_real x, iso_real delta, iso_real least, iso_real most)
{
    return iso_held(iso_flush(x + delta), least, most);
}

ISO_FN iso_real iso_contrast(iso_real x, iso_real mean, iso_real factor, iso_real least,
                             iso_real most)
{
    return iso_held(iso_flush(iso_fma(x - mean, factor, mean)), least, most);
}

/* ---- Mixtures ------------------------------------------------------------------------------ */

/* Draws a number from Beta(alpha, alpha), for any alpha > 0, from two random words:
 *
 *   1/2 + sign(c) / (2 sqrt(1 + 1 / w)),  w = (U^(-1/alpha) - 1) c^2,  c = cos 2 pi V
 *
 * with U uniform in (0, 1] and V in [0, 1) (Devroye: "Random variate generation in one line of
 * code", 1996, after Bailey's polar method for Student's t). inverse: 1 / alpha. */
ISO_FN iso_real iso_symmetric_beta(iso_u32 u, iso_u32 v, iso_real inverse)
{
    iso_real size = ISO_R(0.0) - iso_log(ISO_R(1.0) - iso_unit(u)); /* not below +0 */
    iso_real c = iso_cos(iso_unit(v) * ISO_R(6.283185307179586));
    iso_real w = iso_expm1(size * inverse) * (c * c);
    iso_real off = iso_div(ISO_R(0.5), iso_sqrt(ISO_R(1.0) + iso_div(ISO_R(1.0), w)));
    return ISO_R(0.5) + (c < ISO_R(0.0) ? -off : off);
}

/* share x + (1 - share) other; exactly x if both are equal. */
ISO_FN iso_real iso_mixed(iso_real x, iso_real other, iso_real share)
{
    other = iso_flush(other);
    return iso_flush(iso_fma(iso_flush(iso_flush(x) - other), share, other));
}

#endif
