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
#include "core/arithmetic/sampling.h"
struct iso_mixup {
    double alpha;
    bool per_image;
};                          /* x, y: REAL [rows, ...] */
enum { ISO_MIXUP_INVERSE }; /* scalars: 1 / alpha */

/* Shared with cutmix. */
iso_rc iso_mixup_infer(const void *params, const struct iso_shape *x, struct iso_shapes *out);
void iso_mixup_cost(const void *params, const struct iso_shape *x, enum iso_pass,
                    struct iso_cost *out);
void iso_mixup_scalars(const void *params, uint64_t step, double out[ISO_SCALARS]);
/* Returns the distance in rows from each row to its partner, by a word of a Philox block; the first
 * row follows the last. */
static inline int64_t iso_partner_roll(const struct iso_call *call, uint32_t block, int word)
{
    const int64_t rows = call->x[0].shape.dim[0];
    const iso_u32x4 r = iso_philox(block, call->step, call->layer, ISO_RANDOM_AUGMENTATION,
                                   (uint32_t)call->seed, (uint32_t)(call->seed >> 32));
    return rows > 1 ? 1 + (int64_t)iso_mul_hi(r.v[word], (uint32_t)(rows - 1)) : 0;
}
static inline int64_t iso_mixup_roll(const struct iso_call *call)
{
    return iso_partner_roll(call, 0, 2);
}
#endif
