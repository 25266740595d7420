/* random_brightness.c: parameters, shapes, cost and scalars of random brightness. */
#include "augmentation.h"
#include "infer.h"
#include "random_brightness.h"

#define AT(member) offsetof(struct iso_random_brightness, member)
static const struct iso_field fields[] = {
    { "factor", ISO_FIELD_REAL2, AT(factor), NULL, -1, 1, NULL,
      "from and to: number added, as a share of the range of values" },
    { "value_range", ISO_FIELD_REAL2, AT(value_range), "[0, 1]", -1e30, 1e30, iso_value_range_words,
      "the least and the greatest value of the input, after its scale, mean and std; auto: the "
      "input values of the bytes 0 and 255" },
    { 0 }
};

static iso_rc check(const void *params)
{
    const struct iso_random_brightness *p = params;
    ISO_TRY(iso_check_draw("factor", p->factor));
    return iso_check_value_range(p->value_range);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 1, 2, out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_random_brightness *p = params;
    const double range = p->value_range[1] - p->value_range[0];
    (void)step;
    out[ISO_BRIGHTNESS_FROM] = p->factor[0] * range;
    out[ISO_BRIGHTNESS_SPAN] = (p->factor[1] - p->factor[0]) * range;
}

const struct iso_op_def iso_def_random_brightness = {
    .doc = "adds a random number to the values of each image, like Keras's RandomBrightness",
    .topic = "augmentations",
    .params_size = sizeof(struct iso_random_brightness),
    .fields = fields,
    .nx = 1,
    .random = true,
    .infer = iso_augmentation_infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
