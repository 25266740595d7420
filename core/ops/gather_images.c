/* gather_images.c: a batch of images from a resident data set. */
#include "gather_images.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_gather_images, member)
static const struct iso_field fields[] = {
    { "scale", ISO_FIELD_REAL, AT(scale), "1", 0, 0, NULL, "factor of each uint8 value" },
    { 0 }
};

/* As many rows as the order names; a call may take fewer. */
static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .y = { x[0] } };
    out->y[0].dim[0] = x[1].dim[0];
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(&x[0], 1, 1.25, out);
}

const struct iso_op_def iso_def_gather_images = {
    .doc = "a batch of images from a resident data set",
    .params_size = sizeof(struct iso_gather_images),
    .fields = fields,
    .nx = 2,
    .resident = ISO_U8,
    .infer = infer,
    .cost = cost,
};
