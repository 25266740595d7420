/* model_input.c: the input: section: the shape of an example, and what becomes of a data set's
 * images before they have it. */
#include "section.h"

#define AT(member) offsetof(struct iso_model, member)
static const char *const words[] = { "auto", NULL }; /* for numbers that the data have */
static const char *const preprocessings[] = { "none", "caffe", NULL };
const struct iso_field iso_input_fields[] = {
    { "shape", ISO_FIELD_SHAPE, AT(input), NULL, 1, 65536, NULL, "shape of one example" },
    { "pad", ISO_FIELD_SIDES, AT(pad), "0", 0, 4096, NULL,
      "pixels of 0 to add around the images of the data sets, which are that much smaller than "
      "`shape`" },
    { "repeat_channels", ISO_FIELD_INT, AT(repeat_channels), "1", 1, 64, NULL,
      "number of times to repeat the channel of grey images" },
    { "scale", ISO_FIELD_REAL, AT(images.scale), "1", 1e-30, 1e30, NULL,
      "factor for the bytes 0 to 255 of an image, such as 1/255" },
    { "mean", ISO_FIELD_REALS, AT(images.mean), "0", -1e6, 1e6, words,
      "subtracted from that in each channel, such as [0.485, 0.456, 0.406]; auto: the mean over "
      "all pixels of the training images, in the model's scale; a run's model file has the "
      "number" },
    { "std", ISO_FIELD_REALS, AT(images.std), "1", 1e-6, 1e6, words,
      "divisor of that; auto: the standard deviation of the pixels; each channel is computed as "
      "fma(x, scale / std, -mean / std), with factor and offset rounded once" },
    { "preprocessing", ISO_FIELD_ENUM, AT(preprocessing), "none", 0, 0, preprocessings,
      "caffe: as Keras's VGG and ResNet expect: blue, green, red, minus 103.939, 116.779 and "
      "123.68, not scaled" },
    { 0 }
};
#undef AT

/* Sets the conversion of keras.applications.imagenet_utils.preprocess_input in mode caffe. */
static void set_caffe(struct iso_loader *l, const struct iso_yaml *node)
{
    static const char *const own[] = { "scale", "mean", "std" };
    for (int i = 0; i < 3; i++)
        if (iso_yaml_get(node, own[i]) != NULL)
            iso_faults_add(l->faults, iso_yaml_get(node, own[i])->location,
                           "input: preprocessing: caffe has its own '%s'", own[i]);
    if (l->model->input.ndim == 0)
        return; /* a fault already */
    if (l->model->input.ndim != 4 || l->model->input.dim[3] != 3) {
        iso_faults_add(l->faults, node->location,
                       "input: preprocessing: caffe needs 3 channels, red, "
                       "green and blue (`repeat_channels: 3` makes them of grey)");
        return;
    }
    l->model->images =
        (struct iso_gather_images){ 1, { 3, { 103.939, 116.779, 123.68 } }, { 1, { 1 } }, true };
}

/* The geometry and the channels that the rest of the section speaks of. */
static void check_images(struct iso_loader *l, const struct iso_yaml *node)
{
    const struct iso_model *m = l->model;
    const struct iso_shape *shape = &m->input;
    const int64_t *pad = m->pad;
    const bool changed = pad[0] + pad[1] + pad[2] + pad[3] > 0 || m->repeat_channels > 1;
    char why[96];
    if (shape->ndim == 0)
        return;
    if (!iso_gather_images_fit(&m->images, shape, why, sizeof why))
        iso_faults_add(l->faults, node->location, "input: %s", why);
    if (changed && shape->ndim != 4)
        iso_faults_add(l->faults, node->location,
                       "input: pad and repeat_channels are for images: "
                       "shape: [height, width, channels]");
    else if (changed && (pad[0] + pad[1] >= shape->dim[1] || pad[2] + pad[3] >= shape->dim[2] ||
                         (m->repeat_channels > 1 && shape->dim[3] != m->repeat_channels)))
        iso_faults_add(l->faults, node->location,
                       "input: shape is that with pad and repeat_channels, "
                       "and larger than these");
}

iso_rc iso_load_input(struct iso_loader *l, const struct iso_yaml *node)
{
    l->model->input_location = node->location;
    ISO_TRY(iso_load_fields(l, node, "input", iso_input_fields, l->model));
    if (l->model->input.ndim == 3)
        iso_faults_add(l->faults, iso_yaml_get(node, "shape")->location,
                       "input: shape: expected [height, width, channels] or [length], found a "
                       "list of 2");
    iso_find_auto(l, node, "mean", &l->model->images.mean, &l->model->mean_at);
    iso_find_auto(l, node, "std", &l->model->images.std, &l->model->std_at);
    if (l->model->preprocessing == 1)
        set_caffe(l, node);
    check_images(l, node);
    struct iso_shape *shape = &l->model->input;
    double count = 1;
    for (int i = 1; i < shape->ndim; i++)
        count *= (double)shape->dim[i];
    if (count > 1 << 28)
        iso_faults_add(l->faults, node->location, "input: shape has more than %d elements",
                       1 << 28);
    return ISO_OK;
}
