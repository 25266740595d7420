/* cutmix.c: parameters, shapes, cost and scalars of CutMix. */
#include "augmentation.h"
#include "cutmix.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_cutmix, member)
static const struct iso_field fields[] = {
    { "alpha", ISO_FIELD_REAL, AT(alpha), "1", 0.01, 100, NULL,
      "parameter of the distribution Beta(alpha, alpha) of the share that an image keeps; 1: all "
      "shares equally likely (Keras's factor)" },
    { "per_image", ISO_FIELD_BOOL, AT(per_image), "true", 0, 0, NULL,
      "true: draw a rectangle for each image; false: one for the batch, as in the paper's "
      "program" },
    { 0 }
};

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    if (x->ndim > 2)
        return iso_augmentation_infer(params, x, out);
    *out = (struct iso_shapes){ .ny = 1, .y = { *x } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 3, 3, out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    (void)step;
    out[ISO_CUTMIX_INVERSE] = 1 / ((const struct iso_cutmix *)params)->alpha;
}

const struct iso_op_def iso_def_cutmix = {
    .doc =
        "puts a rectangle of another image of the batch into each image, and mixes their "
        "targets and class weights by its area, like Keras's CutMix; accuracy uses the class "
        "with the larger share",
    .topic = "augmentations",
    .params_size = sizeof(struct iso_cutmix),
    .fields = fields,
    .nx = 1,
    .random = true,
    .mixes = true,
    .of_images = true,
    .infer = infer,
    .cost = cost,
    .scalars = scalars,
};
