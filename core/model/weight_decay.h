/* weight_decay.h: weight decay, which every optimizer can have: before a step, each weight w
 * becomes w - learning rate * weight_decay * w, as in Keras. */
#ifndef ISO_MODEL_WEIGHT_DECAY_H
#define ISO_MODEL_WEIGHT_DECAY_H
#include "core/iso.h"

enum iso_decay_excludes { ISO_DECAY_EXCLUDES_NONE, ISO_DECAY_EXCLUDES_VECTORS };
struct iso_weight_decay {
    double weight_decay; /* 0: none */
    int exclude;         /* enum iso_decay_excludes */
};
extern const struct iso_field iso_weight_decay_fields[]; /* weight_decay comes first */
/* Returns true if a weight of this shape decays; with EXCLUDES_VECTORS only kernels do: weights of
 * two or four axes. */
bool iso_weight_decays(const struct iso_weight_decay *, const struct iso_shape *);
#endif
