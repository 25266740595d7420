/* mixup.h: mixes each row of a batch with another one (Zhang, Cisse, Dauphin, Lopez-Paz: "mixup:
 * Beyond empirical risk minimization", 2018):
 *
 *   y[n] = s x[n] + (1 - s) x[(n + roll) mod rows]
 *
 * A row is an image, its target or its weight: the graph runs the op on each of them, and it draws
 * the same shares for all. s is drawn from Beta(alpha, alpha) for each row, as Keras's MixUp does:
 * words 0 and 1 of Philox block n; or all rows have the share of row 0, as in the paper's own
 * program. The roll is from 1 to rows - 1: word 2 of block 0. The rows of a batch are in random
 * order already, so that rolling pairs images as shuffling would, but none with itself. (Counter:
 * block, step, index among the augmentations, ISO_RANDOM_AUGMENTATION; key: seed.) Outside
 * training, rows are copied. */
#ifndef ISO_OP_MIXUP_H
#define ISO_OP_MIXUP_H
#include "core/iso.h"
#include "core/sampling.h"
struct iso_mixup {
    double alpha;
    bool per_image;
};                          /* x, y: REAL [rows, ...] */
enum { ISO_MIXUP_INVERSE }; /* scalars: 1 / alpha */

/* Returns the distance in rows from each row to its partner; the first row follows the last. */
static inline int64_t iso_mixup_roll(const struct iso_call *call)
{
    const int64_t rows = call->x[0].shape.dim[0];
    const iso_u32x4 r = iso_philox(0, call->step, call->layer, ISO_RANDOM_AUGMENTATION,
                                   (uint32_t)call->seed, (uint32_t)(call->seed >> 32));
    return rows > 1 ? 1 + (int64_t)iso_mul_hi(r.v[2], (uint32_t)(rows - 1)) : 0;
}
#endif
