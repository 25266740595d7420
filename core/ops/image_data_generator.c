/* image_data_generator.c: parameters, shapes, cost and scalars of Keras's ImageDataGenerator. */
#include "augmentation.h"
#include "image_data_generator.h"
#include "infer.h"

static const char *const conventions[] = { "keras_preprocessing", "keras_2_9", NULL };

#define AT(member) offsetof(struct iso_image_data_generator, member)
static const struct iso_field fields[] = {
    { "rotation_range", ISO_FIELD_REAL, AT(rotation_range), "0", 0, 360, NULL,
      "largest rotation in degrees, in either direction" },
    { "width_shift_range", ISO_FIELD_CHOICE, AT(width_shift_range), "0", -ISO_SIDE_MOST,
      ISO_SIDE_MOST, NULL,
      "horizontal shift, in either direction: at most this share of the width; a whole number n: 0 "
      "to n - 1 whole pixels; another number above 1: at most that many pixels; a list: one of its "
      "numbers, which are shares if all are below 1" },
    { "height_shift_range", ISO_FIELD_CHOICE, AT(height_shift_range), "0", -ISO_SIDE_MOST,
      ISO_SIDE_MOST, NULL, "vertical shift, likewise" },
    { "shear_range", ISO_FIELD_REAL, AT(shear_range), "0", 0, 360, NULL,
      "largest shear in degrees, in either direction" },
    { "zoom_range", ISO_FIELD_SPREAD, AT(zoom_range), "0", 0, 16, NULL,
      "factor of the height and, drawn separately, of the width; above 1 shows more of the image" },
    { "horizontal_flip", ISO_FIELD_BOOL, AT(horizontal_flip), "false", 0, 0, NULL,
      "mirror half of the images left to right" },
    { "vertical_flip", ISO_FIELD_BOOL, AT(vertical_flip), "false", 0, 0, NULL,
      "turn half of the images upside down" },
    { "channel_shift_range", ISO_FIELD_REAL, AT(channel_shift_range), "0", 0, 1e30, NULL,
      "largest number added to all values of an image, in either direction, after the input's "
      "scale; the result is clamped to the image's own range" },
    { "brightness_range", ISO_FIELD_REAL2, AT(brightness_range), "[1, 1]", 0, 1000, NULL,
      "factor of an image's brightness, drawn between two numbers; as in Keras, the image is "
      "reduced to 256 levels, and with convention: keras_preprocessing its values are first "
      "stretched over all of them" },
    { "value_range", ISO_FIELD_REAL2, AT(value_range), "", -1e30, 1e30, iso_value_range_words,
      "for brightness_range: black and white, after the input's scale, such as [0, 1]; auto: the "
      "input values of the bytes 0 and 255" },
    { "fill_mode", ISO_FIELD_ENUM, AT(fill_mode), "nearest", 0, 0, iso_border_names,
      "pixels beyond the border, as in SciPy 1.6: the last pixel, cval, the mirrored image, or the "
      "image repeated" },
    { "cval", ISO_FIELD_REAL, AT(cval), "0", 0, 0, NULL,
      "value beyond the border with fill_mode: constant, after the input's scale" },
    { "convention", ISO_FIELD_ENUM, AT(convention), "keras_preprocessing", 0, 0, conventions,
      "how the map is composed: keras_preprocessing, as in Keras and TensorFlow up to 2.8, about a "
      "centre half a pixel past the middle; keras_2_9, as in Keras 2.9 and later, about the middle "
      "and with swapped axes, so that height_shift_range shifts horizontally" },
    { 0 }
};

static iso_rc check_shift(const char *key, const struct iso_choice *range)
{
    if (range->n == 0 && range->v[0] < 0)
        return iso_fail(ISO_EMODEL, "%s: only the numbers of a list may be negative", key);
    return ISO_OK;
}

static iso_rc check(const void *params)
{
    const struct iso_image_data_generator *p = params;
    ISO_TRY(check_shift("width_shift_range", &p->width_shift_range));
    ISO_TRY(check_shift("height_shift_range", &p->height_shift_range));
    ISO_TRY(iso_check_draw("zoom_range", p->zoom_range));
    ISO_TRY(iso_check_draw("brightness_range", p->brightness_range));
    if (!iso_brightens(p))
        return ISO_OK;
    if (p->value_range[0] == 0 && p->value_range[1] == 0)
        return iso_fail(ISO_EMODEL,
                        "brightness_range needs a value_range: black and white, after "
                        "the input's scale, such as value_range: [0, 1]; or auto");
    return iso_check_value_range(p->value_range);
}

/* Keras brightens images with Pillow, which takes only grey and coloured ones. */
static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    ISO_TRY(iso_augmentation_infer(params, x, out));
    if (iso_brightens(params) && x->dim[3] != 1 && x->dim[3] != 3)
        return iso_fail(ISO_ESHAPE,
                        "brightness_range is for images of 1 or 3 channels, not of "
                        "%lld; random_brightness takes any",
                        (long long)x->dim[3]);
    return ISO_OK;
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 12, 2, out); /* three interpolations of two fma each */
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    static const double degree = 0.017453292519943295; /* pi / 180 */
    const struct iso_image_data_generator *p = params;
    (void)step;
    out[ISO_AFFINE_ROTATION] = p->rotation_range * degree;
    out[ISO_AFFINE_SHEAR] = p->shear_range * degree;
    out[ISO_AFFINE_ZOOM_FROM] = p->zoom_range[0];
    out[ISO_AFFINE_ZOOM_SPAN] = p->zoom_range[1] - p->zoom_range[0];
    out[ISO_COLOUR_FACTOR_SPAN] = p->brightness_range[1] - p->brightness_range[0];
    out[ISO_COLOUR_DARK] = p->value_range[0] - (p->value_range[1] - p->value_range[0]) / 4096;
    out[ISO_COLOUR_BRIGHT] = p->value_range[1] + (p->value_range[1] - p->value_range[0]) / 4096;
}

const struct iso_op_def iso_def_image_data_generator = {
    .doc =
        "rotates, shears, zooms, shifts, flips and recolours each image at random, like Keras's "
        "ImageDataGenerator",
    .topic = "augmentations",
    .params_size = sizeof(struct iso_image_data_generator),
    .fields = fields,
    .nx = 1,
    .random = true,
    .infer = infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
