/* loss.h: what the losses share.
 *
 *   loss = (sum over rows of weight of the row * loss of the row) / rows
 *
 * with the rows of the whole step (iso_call.step_rows), and sums as core/order.h has them.
 *
 * x: predictions REAL [rows, columns]; targets REAL of the same shape, or I32 [rows]; weights REAL
 * [rows], which may be missing and count as 1 then. y: predictions after the absorbed activation,
 * REAL [rows, columns], of those losses that absorb one; mean loss REAL [1]. dx[0]: d predictions.
 *
 * A pointwise loss sets each prediction against its own target:
 *
 *   loss of the row = (sum over columns of f(p, t)) / columns
 *   dp = weight f'(p, t) / (rows columns)
 *
 * f and f' stand in core/formulas.h; what they need of the op's params are its scalars. */
#ifndef ISO_OP_LOSS_H
#define ISO_OP_LOSS_H
#include "core/iso.h"
iso_rc iso_loss_infer(const struct iso_shape *x, enum iso_target, bool absorbs,
                      struct iso_shapes *out);
/* flops: of one element. */
void iso_loss_cost(const struct iso_shape *x, double flops, struct iso_cost *out);
/* Of the pointwise losses. */
extern const struct iso_sum_def iso_pointwise_sums[];
/* Of those that absorb nothing. */
iso_rc iso_pointwise_infer(const void *params, const struct iso_shape *x, struct iso_shapes *out);
void iso_pointwise_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                        struct iso_cost *out);
#endif
