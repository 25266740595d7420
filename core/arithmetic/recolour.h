/* recolour.h: channel shift and brightness of Keras's ImageDataGenerator, valid C11 and OpenCL C
 * 1.2. They are applied after the affine map, and need the least and the greatest value of its
 * result. */
#ifndef ISO_RECOLOUR_H
#define ISO_RECOLOUR_H

#ifndef __OPENCL_C_VERSION__
#include "sampling.h"
#endif

/* The ranges from which an image's shift and factor are drawn. black and white are Keras's 0 and
 * 255. Keras rescales an image that goes below dark or above bright, which lie a little farther
 * out. stretched: the rule of Keras up to 2.8. */
typedef struct {
    iso_real shift, factor_from, factor_span, black, white, dark, bright;
    iso_i32 brightens, stretched;
} iso_colour_ranges;

/* The change of one image: x + shift, clamped to the image's own range; then, if it brightens,
 * whole levels from 0 to 255, with `from` at level 0, times a factor, and back to values. */
typedef struct {
    iso_real shift, least, most, from, levels, factor, to, level;
    iso_i32 brightens;
} iso_recolour;

/* The least and the greatest value of an image; NaNs are ignored. */
typedef struct {
    iso_real least, most;
} iso_levels;
ISO_FN iso_levels iso_levels_of_none(void)
{
    iso_levels e;
    e.least = ISO_R(3.4028234663852886e38);
    e.most = ISO_R(-3.4028234663852886e38);
    return e;
}

ISO_FN iso_levels iso_levels_with(iso_levels e, iso_real x)
{
    x = iso_flush(x);
    e.least = x < e.least ? x : e.least;
    e.most = x > e.most ? x : e.most;
    return e;
}

/* Keras shifts the result of the affine map, then brightens it: it scales the image's values to 0
 * to 255 and truncates them to whole levels. Versions up to 2.8 always scale; later ones scale only
 * if values lie outside, and scale back afterwards. */
ISO_FN iso_recolour iso_recolour_draw(iso_colour_ranges g, iso_levels e, iso_u32 image,
                                      iso_u32 step, iso_u32 layer, iso_u32 key0, iso_u32 key1)
{
    iso_u32x4 r =
        iso_philox(ISO_DRAW_BLOCKS * image + 2u, step, layer, ISO_RANDOM_AUGMENTATION, key0, key1);
    iso_recolour c;
    c.brightens = g.brightens;
    c.shift = iso_draw(r.v[2], -g.shift, g.shift + g.shift);
    c.factor = iso_draw(r.v[3], g.factor_from, g.factor_span);
    c.least = e.least;
    c.most = e.most;
    iso_real low = iso_flush(e.least + c.shift), high = iso_flush(e.most + c.shift);
    low = low < e.least ? e.least : low > e.most ? e.most : low;
    high = high < e.least ? e.least : high > e.most ? e.most : high;
    int outside = (low < g.dark) | (high > g.bright), own = g.stretched | outside;
    int back = outside & !g.stretched;
    iso_real span = own ? high - low : g.white - g.black;
    c.from = own ? low : g.black;
    c.levels = span > ISO_R(0.0) ? iso_div(ISO_R(255.0), span) : ISO_R(0.0);
    c.to = back ? low : g.black;
    c.level = iso_div(back ? span : g.white - g.black, ISO_R(255.0));
    return c;
}

/* Adds 2^-12 to the level before truncating, so that a rounding error of x does not lower it by
 * one. */
ISO_FN iso_real iso_recoloured(iso_recolour c, iso_real x)
{
    x = iso_flush(x + c.shift);
    x = x < c.least ? c.least : x;
    x = x > c.most ? c.most : x;
    iso_real level = iso_fma(iso_flush(x - c.from), c.levels, ISO_R(0x1p-12));
    level = level > ISO_R(0.0) ? level : ISO_R(0.0); /* NaN, too */
    level = level < ISO_R(255.0) ? level : ISO_R(255.0);
    iso_real brighter = (iso_real)(iso_i32)level * c.factor;
    brighter = brighter < ISO_R(255.0) ? brighter : ISO_R(255.0);
    brighter = (iso_real)(iso_i32)brighter;
    return c.brightens ? iso_flush(iso_fma(brighter, c.level, c.to)) : x;
}
#endif
