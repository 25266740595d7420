/* image_data_generator.h: rotates, shears, zooms, shifts, flips and recolours each image at random,
 * as Keras's ImageDataGenerator does, with bilinear interpolation. Keras flips between the two
 * steps of recolouring, which has the same result. core/arithmetic/sampling.h and
 * core/arithmetic/recolour.h have the formulas and the draws (counter: 4 image + draw / 4, step,
 * index among the augmentations, ISO_RANDOM_AUGMENTATION; key: seed). Outside training, images are
 * copied. */
#ifndef ISO_OP_IMAGE_DATA_GENERATOR_H
#define ISO_OP_IMAGE_DATA_GENERATOR_H
#include "core/iso.h"
#include "core/arithmetic/recolour.h"

struct iso_image_data_generator {       /* x, y: REAL [n, h, w, c] */
    double rotation_range, shear_range; /* degrees */
    struct iso_choice width_shift_range, height_shift_range;
    double zoom_range[2], cval;
    double channel_shift_range, brightness_range[2], value_range[2]; /* both 0: not given */
    bool horizontal_flip, vertical_flip;
    int fill_mode;  /* enum iso_border */
    int convention; /* 1: that of Keras 2.9 and later */
};
/* scalars */
enum {
    ISO_AFFINE_ROTATION,
    ISO_AFFINE_SHEAR,
    ISO_AFFINE_ZOOM_FROM,
    ISO_AFFINE_ZOOM_SPAN,
    ISO_COLOUR_FACTOR_SPAN,
    ISO_COLOUR_DARK,
    ISO_COLOUR_BRIGHT
};

static inline bool iso_brightens(const struct iso_image_data_generator *p)
{
    return !(p->brightness_range[0] == 1 && p->brightness_range[1] == 1);
}

/* Returns true if values are changed after sampling. */
static inline bool iso_recolours(const struct iso_image_data_generator *p)
{
    return p->channel_shift_range > 0 || iso_brightens(p);
}

_Static_assert((int)ISO_SHIFTS == (int)ISO_CHOICES, "a list of shifts is a list of the model file");

/* Reads a shift as Keras does: a whole number of pixels n stands for one of 0 to n - 1, a list for
 * one of its numbers, any other number for a range. */
static inline iso_shift iso_shift_of(const struct iso_choice *given)
{
    const double range = given->v[0];
    const bool whole = given->n == 0 && range >= 1 && range == (double)(int32_t)range;
    iso_shift s = { .range = (iso_real)range,
                    .whole = whole ? (iso_i32)range : 0,
                    .listed = given->n,
                    .share = 1 };
    for (int i = 0; i < ISO_SHIFTS; i++)
        s.list[i] = (iso_real)given->v[i];
    for (int i = 0; i < (given->n > 0 ? given->n : 1); i++)
        s.share = s.share && given->v[i] < 1;
    return s;
}

/* Return the ranges from which the kernels draw. */
static inline iso_affine_ranges iso_affine_ranges_of(const struct iso_call *call)
{
    const struct iso_image_data_generator *p = call->params;
    return (iso_affine_ranges){
        .rotation = (iso_real)call->scalars[ISO_AFFINE_ROTATION],
        .shear = (iso_real)call->scalars[ISO_AFFINE_SHEAR],
        .zoom_from = (iso_real)call->scalars[ISO_AFFINE_ZOOM_FROM],
        .zoom_span = (iso_real)call->scalars[ISO_AFFINE_ZOOM_SPAN],
        .height = iso_shift_of(&p->height_shift_range),
        .width = iso_shift_of(&p->width_shift_range),
        .horizontal_flip = p->horizontal_flip,
        .vertical_flip = p->vertical_flip,
        .swapped = p->convention,
    };
}

static inline iso_colour_ranges iso_colour_ranges_of(const struct iso_call *call)
{
    const struct iso_image_data_generator *p = call->params;
    return (iso_colour_ranges){
        .shift = (iso_real)p->channel_shift_range,
        .factor_from = (iso_real)p->brightness_range[0],
        .factor_span = (iso_real)call->scalars[ISO_COLOUR_FACTOR_SPAN],
        .black = (iso_real)p->value_range[0],
        .white = (iso_real)p->value_range[1],
        .dark = (iso_real)call->scalars[ISO_COLOUR_DARK],
        .bright = (iso_real)call->scalars[ISO_COLOUR_BRIGHT],
        .brightens = iso_brightens(p),
        .stretched = !p->convention,
    };
}
#endif
