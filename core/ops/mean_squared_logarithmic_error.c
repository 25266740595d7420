/* mean_squared_logarithmic_error.c: f(p, t) = (log(max(p, 1e-7) + 1) - log(max(t, 1e-7) + 1))^2,
 * without gradient where p is below 1e-7. */
#include "loss.h"

static const struct iso_field fields[] = { { 0 } };

const struct iso_op_def iso_def_mean_squared_logarithmic_error = {
    .doc = "mean of (log(p + 1) - log(t + 1))^2, p and t being at least 1e-7",
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
