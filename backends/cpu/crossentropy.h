/* crossentropy.h: functions shared by the two softmax cross-entropies; core/ops/crossentropy.h has
 * the formulas. */
#ifndef ISO_CPU_CROSSENTROPY_H
#define ISO_CPU_CROSSENTROPY_H
#include "loss.h"

/* Returns the loss of row `row`, from the maximum of its logits and the logarithm of their sum of
 * exponentials. */
typedef float ISO_CPU(row_loss)(const struct iso_call *, int64_t row, float max, float log_sum);
/* Computes probabilities and, if it is wanted and there are targets, the mean loss of the rows. */
void ISO_CPU(crossentropy)(struct iso_backend *, const struct iso_call *, ISO_CPU(row_loss) *loss);
#endif
