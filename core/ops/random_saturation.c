/* random_saturation.c: parameters of random saturation. */
#include "augmentation.h"
#include "pixel_colours.h"

static const struct iso_field fields[] = {
    { "factor", ISO_FIELD_REAL2, offsetof(struct iso_pixel_colours, factor), NULL, 0, 1, NULL,
      "from and to, of 0 to 1: f of the factor f / (1 - f) of the saturation; 0: grey, 0.5: as it "
      "is" },
    ISO_PIXEL_VALUE_RANGE,
    { 0 },
};

const struct iso_op_def iso_def_random_saturation = {
    .doc =
        "multiplies the saturation of each image by a random factor, like Keras's "
        "RandomSaturation of values from 0 to 1",
    .topic = "augmentations",
    .params_size = sizeof(struct iso_pixel_colours),
    .fields = fields,
    .nx = 1,
    .random = true,
    .infer = iso_pixel_colours_infer,
    .cost = iso_pixel_colours_cost,
    .scalars = iso_pixel_colours_scalars,
    .check = iso_pixel_colours_check,
};
