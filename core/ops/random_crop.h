/* random_crop.h: a window of each image at a position drawn for it: word 0 for its first row, word
 * 1 for its first column of Philox block `image` (counter: image, step, index among the
 * augmentations, ISO_RANDOM_AUGMENTATION; key: seed). Zeros stand beyond the border. Outside of
 * training it is the window in the middle. */
#ifndef ISO_OP_RANDOM_CROP_H
#define ISO_OP_RANDOM_CROP_H
#include "core/iso.h"
#include "core/sampling.h"
struct iso_random_crop {
    int64_t height, width, padding;
}; /* x: REAL [n, h, w, c]; y: REAL
      [n, height, width, c] */
#endif
