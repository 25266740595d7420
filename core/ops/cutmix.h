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
 * ISO_RANDOM_AUGMENTATION; key: seed.) Outside training, rows are copied. */
#ifndef ISO_OP_CUTMIX_H
#define ISO_OP_CUTMIX_H
#include "core/cutmix.h"
#include "core/iso.h"
struct iso_cutmix {
    double alpha;
    bool per_image;
};                           /* x, y: REAL [n, h, w, c], or REAL [n, ...] of at most 2 dimensions */
enum { ISO_CUTMIX_INVERSE }; /* scalars: 1 / alpha */

/* Returns the distance in rows from each row to its partner; the first row follows the last. */
static inline int64_t iso_cutmix_roll(const struct iso_call *call)
{
    const int64_t rows = call->x[0].shape.dim[0];
    const iso_u32x4 r = iso_philox(1, call->step, call->layer, ISO_RANDOM_AUGMENTATION,
                                   (uint32_t)call->seed, (uint32_t)(call->seed >> 32));
    return rows > 1 ? 1 + (int64_t)iso_mul_hi(r.v[0], (uint32_t)(rows - 1)) : 0;
}
#endif
