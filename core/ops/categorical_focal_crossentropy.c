/* categorical_focal_crossentropy.c: softmax and focal cross-entropy against one-hot targets. */
#include "activation.h"
#include "focal_crossentropy.h"

static const struct iso_field fields[] = {
    ISO_FOCAL_GAMMA,
    ISO_FOCAL_ALPHA("factor of the loss; class_weight has one for each class"),
    ISO_FOCAL_SMOOTHING,
    ISO_FROM_LOGITS_FIELD(struct iso_focal_crossentropy),
    { 0 },
};

void iso_focal_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                    struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_loss_cost(x, ISO_FOCAL_FLOPS, out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_focal_crossentropy *p = params;
    (void)step;
    out[0] = p->gamma;
    out[1] = 1 - p->label_smoothing;
    out[2] = p->label_smoothing;
    out[3] = p->alpha;
}

const struct iso_op_def iso_def_categorical_focal_crossentropy = {
    .doc =
        "softmax and focal cross-entropy, in which well predicted examples count less; targets "
        "as one probability per class",
    .topic = "losses",
    .params_size = sizeof(struct iso_focal_crossentropy),
    .fields = fields,
    .nx = 2,
    .nx_max = 3,
    .target = ISO_TARGET_VALUES,
    .absorbs = ISO_SOFTMAX,
    .backward_uses = ISO_USES_X | ISO_USES_Y,
    .sums = iso_class_loss_sums,
    .infer = iso_crossentropy_infer,
    .cost = iso_focal_cost,
    .scalars = scalars,
};
