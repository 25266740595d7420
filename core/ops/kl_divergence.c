/* kl_divergence.c: softmax and the Kullback-Leibler divergence of its probabilities from the
 * targets,
 *
 *   loss of a row = sum t (log t - log p), with 0 where t is 0
 *
 * whose x, y and dx are those of categorical_crossentropy (crossentropy.h). Keras's KLDivergence,
 * but nothing is clipped. */
#include "activation.h"
#include "crossentropy.h"

const struct iso_op_def iso_def_kl_divergence = {
    .doc =
        "softmax and the Kullback-Leibler divergence from the targets, one probability per class",
    .topic = "losses",
    .params_size = sizeof(struct iso_crossentropy),
    .fields = iso_from_logits_fields,
    .nx = 2,
    .nx_max = 3,
    .target = ISO_TARGET_VALUES,
    .absorbs = ISO_SOFTMAX,
    .backward_uses = ISO_USES_X | ISO_USES_Y,
    .sums = iso_class_loss_sums,
    .infer = iso_crossentropy_infer,
    .cost = iso_crossentropy_cost,
};
