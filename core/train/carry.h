/* carry.h: carries weights and optimizer state from one phase of a training, and its executor, to
 * the next. */
#ifndef ISO_CARRY_H
#define ISO_CARRY_H
#include "exec.h"

struct iso_carried;
/* Copies every weight, and with slots every slot, to the host, bit for bit. */
iso_rc iso_carry_take(struct iso_exec *, bool slots, struct iso_carried **out);
/* Sets the weights and slots that have the same names and shapes. */
iso_rc iso_carry_give(const struct iso_carried *, struct iso_exec *);
void iso_carry_free(struct iso_carried *); /* NULL is fine */
/* Describes one of them. They are in the order of the weights' names, each followed by its slots.
 */
struct iso_carried_tensor {
    const char *name; /* dense_1/kernel, dense_1/kernel/momentum */
    int slot;         /* -1: it is the weight itself */
    int64_t n;
    const double *values;
};
int iso_carried_count(const struct iso_carried *);
/* Borrowed from the carried tensors. */
struct iso_carried_tensor iso_carried_tensor(const struct iso_carried *, int i);

/* Permutes the elements within every weight, including moving statistics: Fisher-Yates with Philox
 * numbers of the executor's seed, the phase and the weight's position in the model. */
iso_rc iso_shuffle_weights(struct iso_exec *, int phase);
#endif
