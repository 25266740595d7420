/* random_contrast.c: parameters, shapes, cost and scalars of random contrast. */
#include "augmentation.h"
#include "infer.h"
#include "random_contrast.h"

#define AT(member) offsetof(struct iso_random_contrast, member)
static const struct iso_field fields[] = {
    { "factor", ISO_FIELD_SPREAD, AT(factor), NULL, 0, 16, NULL,
      "factor of the differences from the mean, drawn between two numbers" },
    { "value_range", ISO_FIELD_REAL2, AT(value_range), "[0, 1]", -1e30, 1e30, iso_value_range_words,
      "the least and the greatest value of the input, after its scale, mean and std; auto: the "
      "input values of the bytes 0 and 255" },
    { 0 }
};

static iso_rc check(const void *params)
{
    const struct iso_random_contrast *p = params;
    ISO_TRY(iso_check_draw("factor", p->factor));
    return iso_check_value_range(p->value_range);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 4, 3, out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_random_contrast *p = params;
    (void)step;
    out[ISO_CONTRAST_FROM] = p->factor[0];
    out[ISO_CONTRAST_SPAN] = p->factor[1] - p->factor[0];
}

static const struct iso_sum_def sums[] = {
    { "mean of a channel", ISO_SUM_ROWS, "a pixel, of one image" },
    { 0 },
};

const struct iso_op_def iso_def_random_contrast = {
    .doc =
        "increases or reduces the contrast of each image about its mean, like Keras's "
        "RandomContrast",
    .topic = "augmentations",
    .params_size = sizeof(struct iso_random_contrast),
    .fields = fields,
    .nx = 1,
    .random = true,
    .sums = sums,
    .infer = iso_augmentation_infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
