/* mean_squared_error.c: f(p, t) = (p - t)^2. */
#include "loss.h"

static const struct iso_field fields[] = { { 0 } };

const struct iso_op_def iso_def_mean_squared_error = {
    .doc = "mean of (p - t)^2",
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
