/* random_contrast.h: y = (x - mean) f + mean, clamped to a range, where mean is that of the channel
 * of the image and f is drawn for each image, as Keras's RandomContrast does: word 0 of Philox
 * block `image` (counter: image, step, index among the augmentations, ISO_RANDOM_AUGMENTATION; key:
 * seed). The mean's sum is one over rows, the pixels of the image (core/arithmetic/order.h).
 * Outside training, images are copied. */
#ifndef ISO_OP_RANDOM_CONTRAST_H
#define ISO_OP_RANDOM_CONTRAST_H
#include "core/iso.h"
#include "core/arithmetic/sampling.h"
struct iso_random_contrast {
    double factor[2], value_range[2];
};                                             /* x, y: REAL [n, h, w, c] */
enum { ISO_CONTRAST_FROM, ISO_CONTRAST_SPAN }; /* scalars: range of f */
#endif
