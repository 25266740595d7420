/* crossentropy.h: functions shared by the two softmax cross-entropies; core/ops/crossentropy.h has
 * the formulas. */
#ifndef ISO_REFERENCE_CROSSENTROPY_H
#define ISO_REFERENCE_CROSSENTROPY_H
#include "loss.h"

/* Returns the loss of row `row`, from the maximum of its logits and the logarithm of their sum of
 * exponentials. */
typedef iso_real ISO_KERNEL(row_loss)(const struct iso_call *, int64_t row, iso_real max,
                                      iso_real log_sum);
/* Computes probabilities and, if it is wanted and there are targets, the mean loss of the rows. */
void ISO_KERNEL(crossentropy)(const struct iso_call *, ISO_KERNEL(row_loss) *loss);
#endif
