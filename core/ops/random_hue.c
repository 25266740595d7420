/* random_hue.c: parameters of random hue, and what it shares with random saturation. */
#include "augmentation.h"
#include "infer.h"
#include "pixel_colours.h"

static const struct iso_field fields[] = {
    { "factor", ISO_FIELD_REAL2, offsetof(struct iso_pixel_colours, factor), NULL, 0, 1, NULL,
      "from and to, of 0 to 1: how far the hue turns, in either direction; 1: by half the circle" },
    ISO_PIXEL_VALUE_RANGE,
    { 0 },
};

iso_rc iso_pixel_colours_infer(const void *params, const struct iso_shape *x,
                               struct iso_shapes *out)
{
    ISO_TRY(iso_augmentation_infer(params, x, out));
    if (x->dim[3] != 3)
        return iso_fail(ISO_ESHAPE, "colours need images of 3 channels, not of %lld",
                        (long long)x->dim[3]);
    return ISO_OK;
}

iso_rc iso_pixel_colours_check(const void *params)
{
    const struct iso_pixel_colours *p = params;
    ISO_TRY(iso_check_draw("factor", p->factor));
    return iso_check_value_range(p->value_range);
}

void iso_pixel_colours_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                            struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 20, 2, out);
}

void iso_pixel_colours_scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_pixel_colours *p = params;
    const double span = p->value_range[1] - p->value_range[0];
    (void)step;
    out[ISO_PIXEL_SPAN] = span;
    out[ISO_PIXEL_INVERSE] = 1 / span;
    out[ISO_PIXEL_WIDTH] = p->factor[1] - p->factor[0];
}

const struct iso_op_def iso_def_random_hue = {
    .doc = "turns the hue of each image by a random angle, like Keras's RandomHue",
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
