/* crossentropy.h: what the two softmax cross-entropies share; formulas: core/ops/crossentropy.h. */
#ifndef ISO_REFERENCE_CROSSENTROPY_H
#define ISO_REFERENCE_CROSSENTROPY_H
#include "loss.h"

/* The loss of row `row`, from its logits' maximum and the logarithm of its sum of exponentials. */
typedef iso_real ISO_KERNEL(row_loss)(const struct iso_call *, int64_t row, iso_real max,
                                      iso_real log_sum);
/* Probabilities, and the mean of the rows' losses where it is wanted and there are targets. */
void ISO_KERNEL(crossentropy)(const struct iso_call *, ISO_KERNEL(row_loss) *loss);
#endif
