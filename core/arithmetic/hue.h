/* hue.h: hue and saturation of a pixel, valid C11 and OpenCL C 1.2. Values lie between 0, black,
 * and 1; hues are measured in sixths of the circle, from red at 0 by green at 2 to blue at 4. */
#ifndef ISO_HUE_H
#define ISO_HUE_H

#ifndef __OPENCL_C_VERSION__
#include "arith.h"
#include "sampling.h"
#endif

typedef struct {
    iso_real v[3];
} iso_rgb;
typedef struct {
    iso_real hue, saturation, value;
} iso_hsv;

/* Grey has hue 0, and black saturation 0. Of equal largest colours the first gives the hue. */
ISO_FN iso_hsv iso_hsv_of(iso_rgb p)
{
    iso_real r = p.v[0], g = p.v[1], b = p.v[2];
    iso_real most = r > g ? r : g, least = r < g ? r : g, span;
    iso_hsv c;
    most = b > most ? b : most;
    least = b < least ? b : least;
    span = most - least;
    c.value = most;
    c.saturation = most > ISO_R(0.0) ? iso_div(span, most) : ISO_R(0.0);
    c.hue = most == r   ? iso_div(g - b, span)
            : most == g ? iso_div(b - r, span) + ISO_R(2.0)
                        : iso_div(r - g, span) + ISO_R(4.0);
    c.hue = span > ISO_R(0.0) ? c.hue : ISO_R(0.0);
    c.hue = c.hue < ISO_R(0.0) ? c.hue + ISO_R(6.0) : c.hue;
    return c;
}

/* A colour of the pixel: value (1 - saturation away), where `away` is how far the hue is from the
 * colour, from 0 to 1. */
ISO_FN iso_real iso_hue_part(iso_hsv c, iso_real away)
{
    away = iso_held(away, ISO_R(0.0), ISO_R(1.0));
    return iso_flush(c.value * iso_fma(-c.saturation, away, ISO_R(1.0)));
}

ISO_FN iso_real iso_hue_distance(iso_real hue, iso_real colour)
{
    return hue < colour ? colour - hue : hue - colour;
}

ISO_FN iso_rgb iso_rgb_of(iso_hsv c)
{
    iso_rgb p;
    p.v[0] = iso_hue_part(c, ISO_R(2.0) - iso_hue_distance(c.hue, ISO_R(3.0)));
    p.v[1] = iso_hue_part(c, iso_hue_distance(c.hue, ISO_R(2.0)) - ISO_R(1.0));
    p.v[2] = iso_hue_part(c, iso_hue_distance(c.hue, ISO_R(4.0)) - ISO_R(1.0));
    return p;
}

/* Black, white less black, and 1 / (white - black), of the values of images; and the range of the
 * number that is drawn. */
typedef struct {
    iso_real black, span, inverse, from, width;
} iso_pixel_colours;

/* Returns the pixel with each value x taken to (x - black) / span, or back, held to the range. */
ISO_FN iso_rgb iso_rgb_in(iso_rgb p, iso_pixel_colours k)
{
    for (int i = 0; i < 3; i++)
        p.v[i] = iso_flush((p.v[i] - k.black) * k.inverse);
    return p;
}

ISO_FN iso_rgb iso_rgb_out(iso_rgb p, iso_pixel_colours k)
{
    for (int i = 0; i < 3; i++)
        p.v[i] = iso_flush(iso_fma(iso_held(p.v[i], ISO_R(0.0), ISO_R(1.0)), k.span, k.black));
    return p;
}

/* The number by which an image's hue turns, in sixths of the circle, from two words; and the factor
 * of its saturation, f / (1 - f). */
ISO_FN iso_real iso_hue_draw(iso_u32 word, iso_u32 sign, iso_pixel_colours k)
{
    iso_real turn = ISO_R(3.0) * iso_draw(word, k.from, k.width);
    return sign >> 31 ? -turn : turn;
}

ISO_FN iso_real iso_saturation_draw(iso_u32 word, iso_u32 sign, iso_pixel_colours k)
{
    iso_real f = iso_draw(word, k.from, k.width);
    (void)sign;
    return iso_div(f, (ISO_R(1.0) - f) + ISO_R(1e-7));
}

ISO_FN iso_rgb iso_hue_changed(iso_rgb p, iso_real turn, iso_pixel_colours k)
{
    iso_hsv c = iso_hsv_of(iso_rgb_in(p, k));
    iso_real hue = c.hue + turn;
    hue = hue > ISO_R(6.0) ? hue - ISO_R(6.0) : hue;
    c.hue = hue < ISO_R(0.0) ? hue + ISO_R(6.0) : hue;
    return iso_rgb_out(iso_rgb_of(c), k);
}

ISO_FN iso_rgb iso_saturation_changed(iso_rgb p, iso_real factor, iso_pixel_colours k)
{
    iso_hsv c = iso_hsv_of(iso_rgb_in(p, k));
    c.saturation = iso_held(iso_flush(c.saturation * factor), ISO_R(0.0), ISO_R(1.0));
    return iso_rgb_out(iso_rgb_of(c), k);
}

/* The augmentations that change pixels of three colours by a number drawn for each image: X(name,
 * the draw from words 0 and 1 of Philox block `image`, the change). Every backend makes their
 * kernels from this list. */
#define ISO_PIXEL_COLOURS(X)                     \
    X(random_hue, iso_hue_draw, iso_hue_changed) \
    X(random_saturation, iso_saturation_draw, iso_saturation_changed)

#endif
