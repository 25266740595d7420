/* cutout.h: sets a rectangle of each image to one value (DeVries, Taylor, 2017). Its middle is any
 * pixel of the image, so that part of it may lie beyond the border: word 0 draws the row, word 1
 * the column (counter: image, step, index among the augmentations, ISO_RANDOM_AUGMENTATION; key:
 * seed). Outside training, images are copied. */
#ifndef ISO_OP_CUTOUT_H
#define ISO_OP_CUTOUT_H
#include "core/iso.h"
#include "core/arithmetic/sampling.h"
struct iso_cutout {
    int64_t size[2];
    double value;
}; /* x, y: REAL [n, h, w, c] */
#endif
