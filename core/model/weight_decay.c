/* weight_decay.c: the keys of weight decay, and which weights it spares. */
#include "weight_decay.h"

static const char *const excludes[] = { "none", "vectors", NULL };

#define AT(member) offsetof(struct iso_weight_decay, member)
const struct iso_field iso_weight_decay_fields[] = {
    { "weight_decay", ISO_FIELD_REAL, AT(weight_decay), "", 0, 1e6, NULL,
      "before a step, each weight loses this share of itself times the learning rate; unlike a "
      "regularizer, it is not part of the gradient" },
    { "exclude_from_weight_decay", ISO_FIELD_ENUM, AT(exclude), "none", 0, 0, excludes,
      "vectors: weights that are not kernels, such as biases, gamma and beta, do not decay" },
    { 0 },
};

bool iso_weight_decays(const struct iso_weight_decay *d, const struct iso_shape *weight)
{
    const bool kernel = weight->ndim == 2 || weight->ndim == 4;
    return d->weight_decay > 0 && (kernel || d->exclude == ISO_DECAY_EXCLUDES_NONE);
}
