/* carry.h: from one phase of a training to the next: weights, and the optimizer's state, go from
 * one executor to another. */
#ifndef ISO_CARRY_H
#define ISO_CARRY_H
#include "exec.h"

struct iso_carried;
/* Copies every weight, and with slots every slot, to the host, with all their bits. */
iso_rc iso_carry_take(struct iso_exec *, bool slots, struct iso_carried **out);
/* Sets weights and slots of the same names and shapes. */
iso_rc iso_carry_give(const struct iso_carried *, struct iso_exec *);
void iso_carry_free(struct iso_carried *); /* NULL is fine */

/* Permutes the elements of every weight, moving statistics too, each for itself: Fisher-Yates with
 * Philox numbers of the executor's seed, the phase and the weight's position in the model. */
iso_rc iso_shuffle_weights(struct iso_exec *, int phase);
#endif
