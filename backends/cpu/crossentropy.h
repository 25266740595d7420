/* crossentropy.h: what the two softmax cross-entropies share (formulas:
 * core/ops/crossentropy.h). */
#ifndef ISO_CPU_CROSSENTROPY_H
#define ISO_CPU_CROSSENTROPY_H
#include "loss.h"

/* The loss of row `row`, from its logits' maximum and the logarithm of its sum of exponentials. */
typedef float ISO_CPU(row_loss)(const struct iso_call *, int64_t row, float max, float log_sum);
/* Probabilities, and the mean of the rows' losses where it is wanted and there are targets. */
void ISO_CPU(crossentropy)(struct iso_backend *, const struct iso_call *, ISO_CPU(row_loss) *loss);
#endif
