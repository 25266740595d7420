/* sparse_categorical_crossentropy.c: softmax and cross-entropy against class indices. */
#include "crossentropy.h"

static const struct iso_field fields[] = { { 0 } };

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    return iso_crossentropy_infer(x, true, out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_crossentropy_cost(x, out);
}

const struct iso_op_def iso_def_sparse_categorical_crossentropy = {
    .doc = "softmax and cross-entropy, targets as class indices",
    .section = "losses",
    .fields = fields,
    .nx = 2,
    .backward_uses = ISO_USES_X | ISO_USES_Y,
    .infer = infer,
    .cost = cost,
};
