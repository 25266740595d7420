/* categorical_crossentropy.c: softmax and cross-entropy against one-hot targets. */
#include "crossentropy.h"
#include "activation.h"

static const struct iso_field fields[] = {
    { "clip", ISO_FIELD_REAL, offsetof(struct iso_categorical_crossentropy, clip), "0", 0, 0.25,
      NULL,
      "Keras before 2.3 held probabilities to [1e-7, 1 - 1e-7], without gradient outside; "
      "0: none" },
    { 0 }
};

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    (void)step;
    out[ISO_CROSSENTROPY_CLIP] = ((const struct iso_categorical_crossentropy *)params)->clip;
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    return iso_loss_infer(x, ISO_TARGET_VALUES, true, out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_loss_cost(x, ISO_CROSSENTROPY_FLOPS, out);
}

const struct iso_op_def iso_def_categorical_crossentropy = {
    .doc = "softmax and cross-entropy, targets as one probability per class",
    .section = "losses",
    .params_size = sizeof(struct iso_categorical_crossentropy),
    .fields = fields,
    .nx = 2,
    .nx_max = 3,
    .target = ISO_TARGET_VALUES,
    .absorbs = ISO_SOFTMAX,
    .backward_uses = ISO_USES_X | ISO_USES_Y,
    .infer = infer,
    .cost = cost,
    .scalars = scalars,
};
