/* pixel_colours.h: functions shared by random_hue and random_saturation, which change the hue or
 * the saturation of an image of three channels, red, green, blue, by a number drawn for it
 * (core/arithmetic/hue.h; counter: image, step, index among the augmentations,
 * ISO_RANDOM_AUGMENTATION; key: seed). Values are first mapped from the value range to [0, 1], and
 * in the end back, held to it. As in Keras's layers, hue turns by at most half the factor of the
 * circle, in either direction, and saturation is multiplied by f / (1 - f), with f drawn: 0.5
 * leaves it. Outside training, images are copied. */
#ifndef ISO_OP_PIXEL_COLOURS_H
#define ISO_OP_PIXEL_COLOURS_H
#include "core/arithmetic/hue.h"
#include "core/iso.h"
struct iso_pixel_colours {
    double factor[2], value_range[2];
};                                                           /* x, y: REAL [n, h, w, 3] */
enum { ISO_PIXEL_SPAN, ISO_PIXEL_INVERSE, ISO_PIXEL_WIDTH }; /* scalars: of iso_pixel_colours */
iso_rc iso_pixel_colours_infer(const void *params, const struct iso_shape *x,
                               struct iso_shapes *out);
void iso_pixel_colours_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                            struct iso_cost *out);
void iso_pixel_colours_scalars(const void *params, uint64_t step, double out[ISO_SCALARS]);
iso_rc iso_pixel_colours_check(const void *params);
/* A row of the field tables. */
#define ISO_PIXEL_VALUE_RANGE                                                                      \
    {                                                                                              \
        "value_range", ISO_FIELD_REAL2, offsetof(struct iso_pixel_colours, value_range), "[0, 1]", \
            -1e30, 1e30, iso_value_range_words,                                                    \
            "black and white, after the input's scale, mean and std; auto: the input values of "   \
            "the bytes 0 and 255"                                                                  \
    }
/* Returns the numbers that the kernels need. */
static inline iso_pixel_colours iso_pixel_colours_of(const struct iso_call *call)
{
    const struct iso_pixel_colours *p = call->params;
    return (iso_pixel_colours){
        .black = (iso_real)p->value_range[0],
        .span = (iso_real)call->scalars[ISO_PIXEL_SPAN],
        .inverse = (iso_real)call->scalars[ISO_PIXEL_INVERSE],
        .from = (iso_real)p->factor[0],
        .width = (iso_real)call->scalars[ISO_PIXEL_WIDTH],
    };
}
#endif
