/* random_crop.h: cuts a window out of each image at a random position: in Philox block `image`,
 * word 0 draws its first row and word 1 its first column (counter: image, step, index among the
 * augmentations, ISO_RANDOM_AUGMENTATION; key: seed). Pixels beyond the border are 0. Outside
 * training, the window is in the middle. */
#ifndef ISO_OP_RANDOM_CROP_H
#define ISO_OP_RANDOM_CROP_H
#include "core/iso.h"
#include "core/arithmetic/sampling.h"
struct iso_random_crop {
    int64_t height, width, padding;
}; /* x: REAL [n, h, w, c]; y: REAL
      [n, height, width, c] */
#endif
