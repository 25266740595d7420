/* binary_crossentropy.c: a sigmoid of each logit and cross-entropy against its own target. */
#include "activation.h"
#include "crossentropy.h"

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    iso_crossentropy_scalars(params, step, out);
    out[ISO_CROSSENTROPY_EXTRA] /= 2;
}

const struct iso_op_def iso_def_binary_crossentropy = {
    .doc =
        "sigmoid and the mean of the cross-entropies, targets as one probability per unit; a "
        "single unit distinguishes two classes by the probability of class 1",
    .topic = "losses",
    .params_size = sizeof(struct iso_crossentropy),
    .fields = iso_crossentropy_fields,
    .nx = 2,
    .nx_max = 3,
    .target = ISO_TARGET_VALUES,
    .absorbs = ISO_SIGMOID,
    .backward_uses = ISO_USES_X | ISO_USES_Y,
    .sums = iso_pointwise_sums,
    .infer = iso_crossentropy_infer,
    .cost = iso_crossentropy_cost,
    .scalars = scalars,
};
