/* image_data_generator.c: parameters, shapes, cost and scalars of Keras's ImageDataGenerator. */
#include "augmentation.h"
#include "image_data_generator.h"
#include "infer.h"

static const char *const conventions[] = { "keras_preprocessing", "keras_2_9", NULL };

#define AT(member) offsetof(struct iso_image_data_generator, member)
static const struct iso_field fields[] = {
    { "rotation_range", ISO_FIELD_REAL, AT(rotation_range), "0", 0, 360, NULL,
      "degrees that an image is turned by at most, either way" },
    { "width_shift_range", ISO_FIELD_REAL, AT(width_shift_range), "0", 0, ISO_SIDE_MOST, NULL,
      "moved sideways by at most this share of the width; a whole number n: by 0 to n - 1 whole "
      "pixels; another number above 1: by at most so many pixels" },
    { "height_shift_range", ISO_FIELD_REAL, AT(height_shift_range), "0", 0, ISO_SIDE_MOST, NULL,
      "moved up or down, alike" },
    { "shear_range", ISO_FIELD_REAL, AT(shear_range), "0", 0, 360, NULL,
      "degrees that an image is sheared by at most, either way" },
    { "zoom_range", ISO_FIELD_SPREAD, AT(zoom_range), "0", 0, 16, NULL,
      "factor of the height and, drawn by itself, of the width; above 1 shows more of the image" },
    { "horizontal_flip", ISO_FIELD_BOOL, AT(horizontal_flip), "false", 0, 0, NULL,
      "half of the images are mirrored left to right" },
    { "vertical_flip", ISO_FIELD_BOOL, AT(vertical_flip), "false", 0, 0, NULL,
      "half of the images are put upside down" },
    { "fill_mode", ISO_FIELD_ENUM, AT(fill_mode), "nearest", 0, 0, iso_border_names,
      "what stands beyond the border, as in SciPy 1.6: the last pixel, cval, the image mirrored, "
      "or the image again" },
    { "cval", ISO_FIELD_REAL, AT(cval), "0", 0, 0, NULL,
      "value beyond the border with fill_mode: constant, after the input's scale" },
    { "convention", ISO_FIELD_ENUM, AT(convention), "keras_preprocessing", 0, 0, conventions,
      "whose composition of the map: keras_preprocessing, in Keras and TensorFlow up to 2.8, about "
      "a centre half a pixel past the middle; or that of Keras 2.9 and later, about the middle and "
      "with the axes swapped, so that height_shift_range moves sideways" },
    { 0 }
};

static iso_rc check(const void *params)
{
    const struct iso_image_data_generator *p = params;
    return iso_check_draw("zoom_range", p->zoom_range);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 12, 2, out);       /* three interpolations of two fma each */
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    static const double degree = 0.017453292519943295;     /* pi / 180 */
    const struct iso_image_data_generator *p = params;
    (void)step;
    out[ISO_AFFINE_ROTATION] = p->rotation_range * degree;
    out[ISO_AFFINE_SHEAR] = p->shear_range * degree;
    out[ISO_AFFINE_ZOOM_FROM] = p->zoom_range[0];
    out[ISO_AFFINE_ZOOM_SPAN] = p->zoom_range[1] - p->zoom_range[0];
}

const struct iso_op_def iso_def_image_data_generator = {
    .doc = "turns, shears, zooms, moves and flips each image by chance, as Keras's "
           "ImageDataGenerator",
    .section = "augmentations",
    .params_size = sizeof(struct iso_image_data_generator),
    .fields = fields,
    .nx = 1,
    .random = true,
    .infer = iso_augmentation_infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
