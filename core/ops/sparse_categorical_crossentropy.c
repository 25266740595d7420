/* sparse_categorical_crossentropy.c: softmax and cross-entropy against class indices. */
#include "crossentropy.h"
#include "activation.h"

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    return iso_loss_infer(x, ISO_TARGET_CLASS, true, out);
}

static const struct iso_sum_def sums[] = {
    { "exponentials", ISO_SUM_AXIS, "classes" },
    { "loss", ISO_SUM_ROWS, "an example" },
    { 0 },
};

const struct iso_op_def iso_def_sparse_categorical_crossentropy = {
    .doc = "softmax and cross-entropy, targets as class indices",
    .topic = "losses",
    .params_size = sizeof(struct iso_crossentropy),
    .fields = iso_from_logits_fields,
    .nx = 2,
    .nx_max = 3,
    .target = ISO_TARGET_CLASS,
    .absorbs = ISO_SOFTMAX,
    .backward_uses = ISO_USES_X | ISO_USES_Y,
    .sums = sums,
    .infer = infer,
    .cost = iso_crossentropy_cost,
};
