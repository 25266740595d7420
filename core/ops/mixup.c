/* mixup.c: parameters, shapes, cost and scalars of mixup. */
#include "infer.h"
#include "mixup.h"

#define AT(member) offsetof(struct iso_mixup, member)
static const struct iso_field fields[] = {
    { "alpha", ISO_FIELD_REAL, AT(alpha), "0.2", 0.01, 100, NULL,
      "parameter of the distribution Beta(alpha, alpha) of shares: near 0 mostly one image, 1 all "
      "shares equally likely, far above 1 nearly halves" },
    { "per_image", ISO_FIELD_BOOL, AT(per_image), "true", 0, 0, NULL,
      "true: draw a share for each image; false: one for the batch, as in the paper's program" },
    { 0 }
};

iso_rc iso_mixup_infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .y = { *x } };
    return iso_expect_all_countable(out);
}

void iso_mixup_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                    struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 3, 3, out);
}

void iso_mixup_scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    (void)step;
    out[ISO_MIXUP_INVERSE] = 1 / ((const struct iso_mixup *)params)->alpha;
}

const struct iso_op_def iso_def_mixup = {
    .doc =
        "mixes each image with another one of its batch, and their targets and class weights "
        "likewise, like Keras's MixUp; accuracy uses the class with the larger share",
    .topic = "augmentations",
    .params_size = sizeof(struct iso_mixup),
    .fields = fields,
    .nx = 1,
    .random = true,
    .mixes = true,
    .infer = iso_mixup_infer,
    .cost = iso_mixup_cost,
    .scalars = iso_mixup_scalars,
};
