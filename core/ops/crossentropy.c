/* crossentropy.c: params, shapes and cost that the cross-entropies share. */
#include "crossentropy.h"

#define AT(member) offsetof(struct iso_crossentropy, member)
const struct iso_field iso_crossentropy_fields[] = {
    { "clip", ISO_FIELD_REAL, AT(clip), "0", 0, 0.25, NULL,
      "clamps probabilities to [clip, 1 - clip], without gradient outside, as Keras does with 1e-7 "
      "before 2.3 or for probabilities; 0: none" },
    { "label_smoothing", ISO_FIELD_REAL, AT(label_smoothing), "0", 0, 1, NULL,
      "the share of each target that is spread evenly over the classes" },
    ISO_FROM_LOGITS_FIELD(struct iso_crossentropy),
    { 0 }
};

const struct iso_field iso_from_logits_fields[] = {
    ISO_FROM_LOGITS_FIELD(struct iso_crossentropy),
    { 0 },
};

const struct iso_sum_def iso_class_loss_sums[] = {
    { "exponentials, targets, loss of a row", ISO_SUM_AXIS, "classes" },
    { "loss", ISO_SUM_ROWS, "an example" },
    { 0 },
};

iso_rc iso_crossentropy_infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    return iso_loss_infer(x, ISO_TARGET_VALUES, true, out);
}

void iso_crossentropy_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                           struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_loss_cost(x, ISO_CROSSENTROPY_FLOPS, out);
}

void iso_crossentropy_scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_crossentropy *p = params;
    (void)step;
    out[ISO_CROSSENTROPY_CLIP] = p->clip;
    out[ISO_CROSSENTROPY_KEEP] = 1 - p->label_smoothing;
    out[ISO_CROSSENTROPY_EXTRA] = p->label_smoothing;
}
