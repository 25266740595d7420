/* categorical_crossentropy.c: softmax and cross-entropy against one-hot targets. */
#include "activation.h"
#include "crossentropy.h"

const struct iso_op_def iso_def_categorical_crossentropy = {
    .doc = "softmax and cross-entropy, targets as one probability per class",
    .topic = "losses",
    .params_size = sizeof(struct iso_crossentropy),
    .fields = iso_crossentropy_fields,
    .nx = 2,
    .nx_max = 3,
    .target = ISO_TARGET_VALUES,
    .absorbs = ISO_SOFTMAX,
    .backward_uses = ISO_USES_X | ISO_USES_Y,
    .sums = iso_class_loss_sums,
    .infer = iso_crossentropy_infer,
    .cost = iso_crossentropy_cost,
    .scalars = iso_crossentropy_scalars,
};
