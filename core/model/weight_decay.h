/* weight_decay.h: weight decay, which every optimizer can have: before a step each weight loses the
 * learning rate by weight_decay of itself, as Keras's optimizers do it. */
#ifndef ISO_MODEL_WEIGHT_DECAY_H
#define ISO_MODEL_WEIGHT_DECAY_H
#include "core/iso.h"

enum iso_decay_excludes { ISO_DECAY_EXCLUDES_NONE, ISO_DECAY_EXCLUDES_VECTORS };
struct iso_weight_decay {
    double weight_decay; /* 0: none */
    int exclude;         /* enum iso_decay_excludes */
};
extern const struct iso_field iso_weight_decay_fields[]; /* weight_decay comes first */
/* Returns true if a weight of this shape decays. Kernels have two axes or four. */
bool iso_weight_decays(const struct iso_weight_decay *, const struct iso_shape *);
#endif
