/* random_brightness.h: adds a number drawn for each image to all its values and clamps them to a
 * range, as Keras's RandomBrightness does: word 0 of Philox block `image` (counter: image, step,
 * index among the augmentations, ISO_RANDOM_AUGMENTATION; key: seed). Outside training, images are
 * copied. */
#ifndef ISO_OP_RANDOM_BRIGHTNESS_H
#define ISO_OP_RANDOM_BRIGHTNESS_H
#include "core/iso.h"
#include "core/arithmetic/sampling.h"
struct iso_random_brightness {
    double factor[2], value_range[2];
};                                                 /* x, y: REAL [n, h, w, c] */
enum { ISO_BRIGHTNESS_FROM, ISO_BRIGHTNESS_SPAN }; /* scalars: range of the number that is added */
#endif
