/* crossentropy.h: what the two softmax cross-entropies share (formulas:
 * core/ops/crossentropy.h). */
#ifndef ISO_CPU_CROSSENTROPY_H
#define ISO_CPU_CROSSENTROPY_H
#include "elements.h"

enum { ISO_CPU_LOSS_COST = 4 };        /* of an exp and a division, in simple elements */

/* The loss of row `row`, from its logits' maximum and the logarithm of its sum of exponentials. */
typedef float ISO_CPU(row_loss)(const struct iso_call *, int64_t row, float max, float log_sum);
/* Bytes of workspace the forward pass needs: the rows' losses. */
size_t ISO_CPU(crossentropy_workspace)(struct iso_backend *, const struct iso_call *,
                                       enum iso_pass);
/* Probabilities, and the mean of the rows' losses where it is wanted and there are targets. */
void ISO_CPU(crossentropy)(struct iso_backend *, const struct iso_call *, ISO_CPU(row_loss) *loss);
#endif
