/* random_crop.c: parameters, shapes and cost of random cropping. */
#include "augmentation.h"
#include "infer.h"
#include "random_crop.h"

#define AT(member) offsetof(struct iso_random_crop, member)
static const struct iso_field fields[] = {
    { "height", ISO_FIELD_INT, AT(height), NULL, 1, ISO_SIDE_MOST, NULL, "rows of the window" },
    { "width", ISO_FIELD_INT, AT(width), NULL, 1, ISO_SIDE_MOST, NULL, "columns of the window" },
    { "padding", ISO_FIELD_INT, AT(padding), "0", 0, ISO_SIDE_MOST, NULL,
      "rows and columns of zeros that the window may reach beyond the border, on each side" },
    { 0 }
};

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_random_crop *p = params;
    ISO_TRY(iso_augmentation_infer(params, x, out));
    if (p->height > x->dim[1] + 2 * p->padding || p->width > x->dim[2] + 2 * p->padding)
        return iso_fail(ISO_ESHAPE,
                        "a window of %lldx%lld does not fit images of %lldx%lld "
                        "(give it more padding)",
                        (long long)p->height, (long long)p->width, (long long)x->dim[1],
                        (long long)x->dim[2]);
    out->y[0].dim[1] = p->height;
    out->y[0].dim[2] = p->width;
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 0, 2, out);
}

const struct iso_op_def iso_def_random_crop = {
    .doc =
        "takes a window of each image at a random position; in evaluation, the one in the middle",
    .topic = "augmentations",
    .params_size = sizeof(struct iso_random_crop),
    .fields = fields,
    .nx = 1,
    .random = true,
    .infer = infer,
    .cost = cost,
};
