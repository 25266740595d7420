/* hinge.c: the hinge loss, and functions shared with the squared one.
 *
 * Keras converts labels if the whole batch consists of 0 and 1. Converting each label by itself has
 * the same result for such a batch and for one of -1 and +1. */
#include "hinge.h"

const struct iso_field iso_hinge_fields[] = {
    { "convert_labels", ISO_FIELD_BOOL, offsetof(struct iso_hinge, convert_labels), "true", 0, 0,
      NULL, "treats a label of 0, as in one-hot targets, as -1; Keras before 2.3 did not" },
    { 0 }
};

void iso_hinge_scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    (void)step;
    out[ISO_HINGE_ZERO] = ((const struct iso_hinge *)params)->convert_labels ? -1 : 0;
}

const struct iso_op_def iso_def_hinge = {
    .doc = "mean of max(1 - t p, 0), labels t of -1 and +1",
    .topic = "losses",
    .params_size = sizeof(struct iso_hinge),
    .fields = iso_hinge_fields,
    .nx = 2,
    .nx_max = 3,
    .target = ISO_TARGET_SIGNS,
    .backward_uses = ISO_USES_X,
    .sums = iso_pointwise_sums,
    .infer = iso_pointwise_infer,
    .cost = iso_pointwise_cost,
    .scalars = iso_hinge_scalars,
};
