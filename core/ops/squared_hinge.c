/* squared_hinge.c: the squared hinge loss; labels are those of the hinge loss. */
#include "hinge.h"

const struct iso_op_def iso_def_squared_hinge = {
    .doc = "mean of max(1 - t p, 0)^2, labels t of -1 and +1",
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
