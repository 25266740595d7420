/* huber.c: parameters of Huber's loss. */
#include "huber.h"

static const struct iso_field fields[] = {
    { "delta", ISO_FIELD_REAL, offsetof(struct iso_huber, delta), "1.0", 1e-6, 1e6, NULL,
      "distance from the target where the square becomes a line" },
    { 0 },
};

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    (void)step;
    out[0] = ((const struct iso_huber *)params)->delta;
}

const struct iso_op_def iso_def_huber = {
    .doc = "mean of Huber's loss: half the square near the target, a line far from it",
    .topic = "losses",
    .params_size = sizeof(struct iso_huber),
    .fields = fields,
    .nx = 2,
    .nx_max = 3,
    .target = ISO_TARGET_VALUES,
    .backward_uses = ISO_USES_X,
    .sums = iso_pointwise_sums,
    .infer = iso_pointwise_infer,
    .cost = iso_pointwise_cost,
    .scalars = scalars,
};
