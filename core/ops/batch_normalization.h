/* batch_normalization.h: normalizes each channel (last axis) to mean 0 and variance 1, then scales
 * it by gamma and shifts it by beta. */

/* clang-format off */
/* In training, over all rows of the batch (a row: one pixel of one image, or one image):
 *   mean = row sum of x / rows
 *   square = row sum, over blocks of n rows of mean m, of n (m - mean)^2 + sum of (x - m)^2
 *   inverse = 1 / sqrt(square / rows + epsilon)
 *   y = (x - mean) (gamma inverse) + beta
 *   moving = momentum moving + (1 - momentum) batch, for mean and variance
 *   dbeta = row sum of dy
 *   product = row sum of dy (x - mean)
 *   dgamma = product inverse
 *   dx = (gamma inverse) ((dy - dbeta / rows) - (x - mean) (dgamma inverse / rows))
 * The batch's variance is square / rows here; square / (rows - 1) with bessel; with keras_2 that of
 * Keras 2.2 and 2.3 (iso_bn_moving_rows).
 *
 * Outside training mean and variance are the moving ones, and dx = (gamma inverse) dy. Rows and
 * their number are those of the whole step (iso_call.step_rows).
 *
 * A shard of a step is a batch of its own, except for the moving statistics: where dw of a moving
 * statistic has memory, forward writes the row sum of x, or square, there, and leaves the statistic
 * as it is. Update takes the sums of all shards from there and computes moving from sum / rows and
 * square / rows, with the rows of the whole step.
 *
 * A synchronized layer has the statistics of all shards of a step. The executor then runs it in two
 * parts (core/train/exec_statistics.c): the first gives the sums of a shard, as above and, without
 * dx, as dgamma and dbeta; these are added in the balanced tree over the shards, of the squares
 * square + n (m - mean)^2 for each shard of n rows of mean m. The second part goes on from the
 * statistics of the step: forward as outside training, and backward where the saved offset and slope
 * have memory, which then stand for dbeta / rows and dgamma inverse / rows of the step; that pass
 * gives dx only. core/arithmetic/order.h defines the row sums,
 * chains of additions or of fma; core/arithmetic/formulas.h has each formula. */
/* clang-format on */
#ifndef ISO_OP_BATCH_NORMALIZATION_H
#define ISO_OP_BATCH_NORMALIZATION_H
#include "core/iso.h"
enum iso_variance_correction { ISO_CORRECTION_NONE, ISO_CORRECTION_BESSEL, ISO_CORRECTION_KERAS_2 };
struct iso_batch_normalization {
    double momentum, epsilon;
    bool center, scale, synchronized;
    int moving_variance_correction; /* enum iso_variance_correction */
    struct iso_initializer beta_initializer, gamma_initializer;
    struct iso_initializer moving_mean_initializer, moving_variance_initializer;
    struct iso_regularizer beta_regularizer, gamma_regularizer;
};
/* w, each [channels]; gamma only with scale, beta only with center. */
enum { ISO_BN_GAMMA, ISO_BN_BETA, ISO_BN_MOVING_MEAN, ISO_BN_MOVING_VARIANCE };
/* saved [channels]: as used by forward; and what a second part of backward is given */
enum { ISO_BN_MEAN, ISO_BN_INVERSE, ISO_BN_OFFSET, ISO_BN_SLOPE };
enum { ISO_BN_MOMENTUM, ISO_BN_1_MOMENTUM, ISO_BN_EPSILON }; /* scalars */

/* The layout of x: rows of `channels` numbers, per_image rows in an image. */
struct iso_bn_rows {
    int64_t rows, per_image, channels;
};
struct iso_bn_rows iso_bn_rows(const struct iso_shape *x);
/* Returns the divisor of the sum of squares for the moving variance. */
double iso_bn_moving_rows(const struct iso_batch_normalization *, const struct iso_shape *x);
#endif
