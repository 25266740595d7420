/* cutout.c: parameters, shapes and cost of cutout. */
#include "augmentation.h"
#include "cutout.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_cutout, member)
static const struct iso_field fields[] = { { "size", ISO_FIELD_INT2, AT(size), NULL, 1,
                                             ISO_SIDE_MOST, NULL,
                                             "rows and columns of the rectangle" },
                                           { "value", ISO_FIELD_REAL, AT(value), "0", 0, 0, NULL,
                                             "value of its pixels, after the input's scale" },
                                           { 0 } };

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 0, 2, out);
}

const struct iso_op_def iso_def_cutout = {
    .doc = "sets a rectangle at a random position in each image to one value",
    .topic = "augmentations",
    .params_size = sizeof(struct iso_cutout),
    .fields = fields,
    .nx = 1,
    .random = true,
    .infer = iso_augmentation_infer,
    .cost = cost,
};
