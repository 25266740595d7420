/* loss.h: functions shared by the losses.
 *
 *   loss = (sum over rows of weight of the row * loss of the row) / rows
 *
 * where rows are those of the whole step (iso_call.step_rows) and core/arithmetic/order.h defines
 * the sum.
 *
 * x: predictions REAL [rows, columns]; targets REAL of the same shape, or I32 [rows]; weights REAL
 * [rows], all 1 if absent. y: for losses that absorb an activation, the predictions after it, REAL
 * [rows, columns]; then the mean loss, REAL [1]. dx[0]: d predictions.
 *
 * A pointwise loss compares each prediction with its own target:
 *
 *   loss of the row = (sum over columns of f(p, t)) / columns
 *   dp = weight f'(p, t) / (rows columns)
 *
 * f and f' are in core/arithmetic/formulas.h; they take the op's params as scalars. */
#ifndef ISO_OP_LOSS_H
#define ISO_OP_LOSS_H
#include "core/iso.h"
iso_rc iso_loss_infer(const struct iso_shape *x, enum iso_target, bool absorbs,
                      struct iso_shapes *out);
/* flops: per element. */
void iso_loss_cost(const struct iso_shape *x, double flops, struct iso_cost *out);
/* The sums of a pointwise loss. */
extern const struct iso_sum_def iso_pointwise_sums[];
/* For pointwise losses that absorb no activation. */
iso_rc iso_pointwise_infer(const void *params, const struct iso_shape *x, struct iso_shapes *out);
void iso_pointwise_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                        struct iso_cost *out);
#endif
