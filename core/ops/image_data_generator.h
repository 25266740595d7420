/* image_data_generator.h: each image turned, sheared, zoomed, moved and flipped by chance, in the
 * order of Keras's ImageDataGenerator, bilinear. core/sampling.h has the formulas and what is drawn
 * (counter: 4 image + draw / 4, step, index among the augmentations, ISO_RANDOM_AUGMENTATION; key:
 * seed). Outside of training the images are copied. */
#ifndef ISO_OP_IMAGE_DATA_GENERATOR_H
#define ISO_OP_IMAGE_DATA_GENERATOR_H
#include "../iso.h"
#include "../sampling.h"

struct iso_image_data_generator {      /* x, y: REAL [n, h, w, c] */
    double rotation_range, shear_range;        /* degrees */
    double width_shift_range, height_shift_range;
    double zoom_range[2], cval;
    bool horizontal_flip, vertical_flip;
    int fill_mode;                     /* enum iso_border */
    int convention;                    /* 1: that of Keras 2.9 and later */
};
/* scalars */
enum { ISO_AFFINE_ROTATION, ISO_AFFINE_SHEAR, ISO_AFFINE_ZOOM_FROM, ISO_AFFINE_ZOOM_SPAN };

/* A whole number of pixels, of which one is chosen. */
static inline iso_i32 iso_shift_choices(double range)
{
    return range >= 1 && range == (double)(int32_t)range ? (iso_i32)range : 0;
}

/* What the kernels draw from. */
static inline iso_affine_ranges iso_affine_ranges_of(const struct iso_call *call)
{
    const struct iso_image_data_generator *p = call->params;
    return (iso_affine_ranges){
        .rotation = (iso_real)call->scalars[ISO_AFFINE_ROTATION],
        .shear = (iso_real)call->scalars[ISO_AFFINE_SHEAR],
        .zoom_from = (iso_real)call->scalars[ISO_AFFINE_ZOOM_FROM],
        .zoom_span = (iso_real)call->scalars[ISO_AFFINE_ZOOM_SPAN],
        .height = (iso_real)p->height_shift_range, .width = (iso_real)p->width_shift_range,
        .height_choices = iso_shift_choices(p->height_shift_range),
        .width_choices = iso_shift_choices(p->width_shift_range),
        .height_share = p->height_shift_range < 1, .width_share = p->width_shift_range < 1,
        .horizontal_flip = p->horizontal_flip, .vertical_flip = p->vertical_flip,
        .swapped = p->convention,
    };
}
#endif
