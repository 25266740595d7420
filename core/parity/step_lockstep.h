/* step_lockstep.h: a step of a training on a device that may round sums in another order, each op
 * judged by its bound (core/arithmetic/bounds.h) on the device's own inputs, so that no error adds
 * up. */
#ifndef ISO_STEP_LOCKSTEP_H
#define ISO_STEP_LOCKSTEP_H
#include "core/train/imprint.h"

/* Computes the step of the current batch, without its update. kept: an executor with keep_all.
 * judge: a device that computes exactly; both are within the bound of the exact result, so that
 * they may be twice the bound apart. Leaves *out empty if every op fits. */
iso_rc iso_step_lockstep(struct iso_exec *kept, struct iso_backend *judge, uint64_t step,
                         struct iso_step_fault *out);
/* Gives another executor of the same network the gradients of a step and what its forward pass has
 * changed, so that it can be updated by them. */
iso_rc iso_step_hand_on(struct iso_exec *from, struct iso_exec *to);
#endif
