/* binary_focal_crossentropy.c: a sigmoid of each logit and focal cross-entropy against its own
 * target. */
#include "activation.h"
#include "focal_crossentropy.h"

static const struct iso_field fields[] = {
    ISO_FOCAL_GAMMA,
    ISO_FOCAL_ALPHA(
        "with apply_class_balancing: the factor of targets of 1; 1 - alpha is that of 0"),
    { "apply_class_balancing", ISO_FIELD_BOOL,
      offsetof(struct iso_focal_crossentropy, apply_class_balancing), "false", 0, 0, NULL,
      "true: targets of 1 and of 0 have the factors alpha and 1 - alpha" },
    ISO_FOCAL_SMOOTHING,
    ISO_FROM_LOGITS_FIELD(struct iso_focal_crossentropy),
    { 0 },
};

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_focal_crossentropy *p = params;
    (void)step;
    out[0] = p->gamma;
    out[1] = 1 - p->label_smoothing;
    out[2] = p->label_smoothing / 2;
    out[3] = p->apply_class_balancing ? p->alpha : 1;
    out[4] = p->apply_class_balancing ? 1 - p->alpha : 1;
}

const struct iso_op_def iso_def_binary_focal_crossentropy = {
    .doc =
        "sigmoid and the mean of the focal cross-entropies, in which well predicted examples "
        "count less; targets as one probability per unit",
    .topic = "losses",
    .params_size = sizeof(struct iso_focal_crossentropy),
    .fields = fields,
    .nx = 2,
    .nx_max = 3,
    .target = ISO_TARGET_VALUES,
    .absorbs = ISO_SIGMOID,
    .backward_uses = ISO_USES_X | ISO_USES_Y,
    .sums = iso_pointwise_sums,
    .infer = iso_crossentropy_infer,
    .cost = iso_focal_cost,
    .scalars = scalars,
};
