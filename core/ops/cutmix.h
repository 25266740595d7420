/* cutmix.h: puts a rectangle of another image of the batch into each image (Yun et al.: "CutMix:
 * Regularization strategy to train strong classifiers with localizable features", 2019), as Keras's
 * CutMix does:
 *
 *   y[n] (i, j) = x[(n + roll) mod rows] (i, j) within the rectangle, x[n] (i, j) elsewhere
 *
 * The rectangle has the share r = sqrt(1 - s) of the height and of the width, and lies anywhere in
 * the image; pixel i is within if from <= i < from + r height. The graph runs the op on the targets
 * and weights of the rows, too, which become s x[n] + (1 - s) x[partner]: 1 - s is the rectangle's
 * area. s is drawn from Beta(alpha, alpha): words 0 and 1 of Philox block 2 n; word 2 gives the
 * rectangle's row, word 3 its column. All rows have those of row 0 unless per_image. The roll, from
 * 1 to rows - 1, is word 0 of block 1. (Counter: block, step, index among the augmentations,
 * ISO_RANDOM_AUGMENTATION; key: seed.) Outside training, rows are copied.
 * Its params and scalars are those of mixup; x, y: REAL [n, h, w, c], or [n, ...] of at most 2
 * dimensions. */
#ifndef ISO_OP_CUTMIX_H
#define ISO_OP_CUTMIX_H
#include "core/arithmetic/cutmix.h"
#include "mixup.h"

static inline int64_t iso_cutmix_roll(const struct iso_call *call)
{
    return iso_partner_roll(call, 1, 0);
}
#endif
