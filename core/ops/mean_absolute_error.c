/* mean_absolute_error.c: f(p, t) = |p - t|, without gradient where they are equal. */
#include "loss.h"

static const struct iso_field fields[] = { { 0 } };

const struct iso_op_def iso_def_mean_absolute_error = {
    .doc = "mean of |p - t|",
    .topic = "losses",
    .fields = fields,
    .nx = 2,
    .nx_max = 3,
    .target = ISO_TARGET_VALUES,
    .backward_uses = ISO_USES_X,
    .sums = iso_pointwise_sums,
    .infer = iso_pointwise_infer,
    .cost = iso_pointwise_cost,
};
