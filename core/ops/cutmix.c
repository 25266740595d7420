/* cutmix.c: parameters and shapes of CutMix. */
#include "augmentation.h"
#include "cutmix.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_mixup, member)
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
    return x->ndim > 2 ? iso_augmentation_infer(params, x, out) : iso_mixup_infer(params, x, out);
}

const struct iso_op_def iso_def_cutmix = {
    .doc =
        "puts a rectangle of another image of the batch into each image, and mixes their "
        "targets and class weights by its area, like Keras's CutMix; accuracy uses the class "
        "with the larger share",
    .topic = "augmentations",
    .params_size = sizeof(struct iso_mixup),
    .fields = fields,
    .nx = 1,
    .random = true,
    .mixes = true,
    .of_images = true,
    .infer = infer,
    .cost = iso_mixup_cost,
    .scalars = iso_mixup_scalars,
};
