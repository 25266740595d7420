/* network_layers.c: Keras's classes of layers as layers of isocl's. */
#include "classes.h"
#include "network_build.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *class_name, const char *list)
{
    char word[80];
    snprintf(word, sizeof word, " %.70s ", class_name);
    return strstr(list, word) != NULL;
}

/* ---- Functions ----------------------------------------------------------------------------- */

static int add_function(const struct iso_keras_config *c, const char *name, const char *key,
                        double value)
{
    char params[ISO_KERAS_PARAMS];
    snprintf(params, sizeof params, key != NULL ? ", function: %s, %s: %.9g" : ", function: %s",
             name, key, value);
    const int y = iso_keras_add(c, ISO_OP_activation, false, params);
    if (y >= 0)
        c->r->layers[y].softmax = strcmp(name, "softmax") == 0;
    return y;
}

static int activation(const struct iso_keras_config *c)
{
    char name[64];
    const json_t *v = json_object_get(c->config, "activation");
    if (!iso_keras_activation(v, name, sizeof name))
        return iso_keras_refuse(c, "isocl has no activation %.40s",
                                json_is_string(v) ? json_string_value(v) : "of this kind");
    const bool old = c->r->file->version[0] != '3' && strcmp(name, "hard_sigmoid") == 0;
    return add_function(c, name, old ? "slope" : NULL, 0.2);
}

static int new_part(const struct iso_keras_config *c, int x, bool held)
{
    struct iso_keras_reader *r = c->r;
    if (r->nparts == ISO_KERAS_PARTS)
        return iso_keras_refuse(c, "the network adds numbers to more than %d results",
                                ISO_KERAS_PARTS);
    r->parts[r->nparts] = (struct iso_keras_part){ .x = x, .held = held };
    return ISO_KERAS_PART - r->nparts++;
}

/* Returns the part that the layer at hand reads; NULL if it reads another value. */
static const struct iso_keras_part *part_of(const struct iso_keras_config *c)
{
    const int i = ISO_KERAS_PART - c->x[0];
    return c->nx == 1 && i >= 0 ? &c->r->parts[i] : NULL;
}

static int relu(const struct iso_keras_config *c)
{
    const double most = iso_keras_real(c->config, "max_value", 0);
    const double slope = iso_keras_real(c->config, "negative_slope", 0);
    if (iso_keras_real(c->config, "threshold", 0) != 0 || (most != 0 && slope != 0))
        return iso_keras_refuse(c,
                                "isocl's relu has no threshold, and either a largest result or "
                                "a slope");
    if (slope != 0)
        return add_function(c, "leaky_relu", "negative_slope", slope);
    if (part_of(c) != NULL && most == 6)
        return new_part(c, part_of(c)->x, true);
    return add_function(c, "relu", most != 0 ? "max_value" : NULL, most);
}

static int leaky_relu(const struct iso_keras_config *c)
{
    const double old = iso_keras_real(c->config, "alpha", 0.3);
    return add_function(c, "leaky_relu", "negative_slope",
                        iso_keras_real(c->config, "negative_slope", old));
}

static int elu(const struct iso_keras_config *c)
{
    return add_function(c, "elu", "alpha", iso_keras_real(c->config, "alpha", 1));
}

static int softmax(const struct iso_keras_config *c)
{
    const json_t *axis = json_object_get(c->config, "axis");
    if (json_is_array(axis) && json_array_size(axis) == 1)
        axis = json_array_get(axis, 0);
    if (axis != NULL && (!json_is_integer(axis) || json_integer_value(axis) != -1))
        return iso_keras_refuse(c, "isocl's softmax is over the last axis, -1");
    return add_function(c, "softmax", NULL, 0);
}

static int prelu(const struct iso_keras_config *c)
{
    const json_t *axes = json_object_get(c->config, "shared_axes");
    const bool all = json_is_array(axes) && json_array_size(axes) == 2;
    if (!all && !(axes == NULL || json_is_null(axes) || json_array_size(axes) == 0))
        return iso_keras_refuse(c,
                                "isocl's prelu has a slope for each channel: shared_axes [1, 2]");
    return iso_keras_add(c, ISO_OP_prelu, true, "");
}

/* ---- The input's scale --------------------------------------------------------------------- */

/* Reads a number, or one for each channel, in lists of one element or none around it. */
static bool read_channels(const json_t *v, double out[ISO_REALS], int *n)
{
    while (json_is_array(v) && json_array_size(v) == 1)
        v = json_array_get(v, 0);
    *n = json_is_array(v) ? (int)json_array_size(v) : 1;
    bool fine = *n >= 1 && *n <= ISO_REALS;
    for (int i = 0; fine && i < *n; i++) {
        const json_t *number = json_is_array(v) ? json_array_get(v, (size_t)i) : v;
        fine = json_is_number(number);
        out[i] = json_number_value(number);
    }
    return fine;
}

/* Applies x factor + offset after what the input has already, which has one of each for every
 * channel even where they are all the same. */
static int scale_input(const struct iso_keras_config *c, const double *factor, int nfactor,
                       const double *offset, int noffset)
{
    struct iso_input_scaling *s = &c->r->scaling;
    const int n = nfactor > noffset ? nfactor : noffset, channels = n > s->n ? n : s->n;
    if (c->x[0] != ISO_KERAS_INPUT)
        return iso_keras_refuse(c,
                                "scales a layer's result; isocl scales only the input, before "
                                "the first layer");
    for (int i = 0; i < ISO_REALS; i++) {
        const double before = s->n > 0 ? s->factor[i] : 1;
        const double added = s->n > 0 ? s->offset[i] : 0;
        const double by = factor[nfactor > 1 ? i : 0];
        s->factor[i] = before * by;
        s->offset[i] = added * by + offset[noffset > 1 ? i : 0];
    }
    s->n = channels;
    return ISO_KERAS_INPUT;
}

static int rescaling(const struct iso_keras_config *c)
{
    double factor[ISO_REALS] = { 0 }, offset[ISO_REALS] = { 0 };
    int nfactor, noffset = 1;
    const json_t *other = json_object_get(c->config, "offset");
    if (!read_channels(json_object_get(c->config, "scale"), factor, &nfactor) ||
        (other != NULL && !read_channels(other, offset, &noffset)))
        return iso_keras_refuse(c, "its scale and offset are not at most %d numbers", ISO_REALS);
    return scale_input(c, factor, nfactor, offset, noffset);
}

/* Reads a weight of a Normalization, which has one number for each channel. */
static bool read_statistic(const struct iso_keras_config *c, int w, double out[ISO_REALS], int *n)
{
    float values[ISO_REALS];
    const struct iso_keras_layer *l = iso_keras_weights_of(c);
    const int64_t count = l != NULL && w < l->nweights ? iso_shape_count(&l->weights[w].shape) : 0;
    if (count < 1 || count > ISO_REALS || l->weights[w].shape.ndim < 0 ||
        iso_keras_read(c->r->file, &l->weights[w], values) != ISO_OK)
        return false;
    *n = (int)count;
    for (int k = 0; k < *n; k++)
        out[k] = values[k];
    return true;
}

static int normalization(const struct iso_keras_config *c)
{
    double mean[ISO_REALS], factor[ISO_REALS] = { 0 }, offset[ISO_REALS] = { 0 };
    int nmean, nvariance;
    const bool given = read_channels(json_object_get(c->config, "mean"), mean, &nmean) &&
                       read_channels(json_object_get(c->config, "variance"), factor, &nvariance);
    if ((!given &&
         !(read_statistic(c, 0, mean, &nmean) && read_statistic(c, 1, factor, &nvariance))) ||
        json_is_true(json_object_get(c->config, "invert")) || nmean != nvariance)
        return iso_keras_refuse(c,
                                "its mean and variance are not at most %d numbers, one for each "
                                "channel",
                                ISO_REALS);
    for (int i = 0; i < nmean; i++) {
        const double deviation = sqrt(factor[i]);
        factor[i] = 1 / (deviation > 1e-7 ? deviation : 1e-7);
        offset[i] = -mean[i] * factor[i];
    }
    return scale_input(c, factor, nmean, offset, nmean);
}

/* ---- Functions of keras.ops ---------------------------------------------------------------- */

static bool is_number(double v, double wanted) { return (float)v == (float)wanted; }

/* Takes x + 3, and relu6(x + 3) / 6: hard_sigmoid. Sums and products of results are layers. */
static int function(const struct iso_keras_config *c)
{
    const struct iso_keras_part *part = part_of(c);
    const bool times = strcmp(c->class_name, "Multiply") == 0;
    const bool adds = strcmp(c->class_name, "Add") == 0;
    if (c->nx == 2 && (times || adds))
        return iso_keras_add(c, times ? ISO_OP_multiply : ISO_OP_add, false, "");
    if (part == NULL && c->nx == 1 && adds && is_number(c->number, 3))
        return new_part(c, c->x[0], false);
    if (part != NULL && part->held && times && is_number(c->number, 1.0 / 6.0)) {
        struct iso_keras_config whole = *c;
        whole.x[0] = part->x;
        return add_function(&whole, "hard_sigmoid", NULL, 0);
    }
    return iso_keras_refuse(c,
                            "isocl has no layer for this function of keras.ops; build the "
                            "network of layers, or export it as .onnx");
}

/* ---- Others -------------------------------------------------------------------------------- */

/* Passes on what a layer does only in training, or not at all. */
static int pass(const struct iso_keras_config *c)
{
    if (strcmp(c->class_name, "Identity") != 0)
        iso_keras_leave_out(c, "");
    return c->x[0];
}

/* A rate of 0 drops nothing, and Keras 1 calls it p. */
static int dropout(const struct iso_keras_config *c, enum iso_op op)
{
    char params[ISO_KERAS_PARAMS];
    const double rate = iso_keras_real(c->config, "rate", iso_keras_real(c->config, "p", 0));
    if (rate <= 0)
        return c->x[0];
    snprintf(params, sizeof params, ", rate: %.9g", rate);
    return iso_keras_add(c, op, false, params);
}

/* Rows of channels, with Keras's epsilon, which is the layer's default. */
static int unit_normalization(const struct iso_keras_config *c)
{
    const json_t *axis = json_object_get(c->config, "axis");
    if (json_is_array(axis) && json_array_size(axis) == 1)
        axis = json_array_get(axis, 0);
    if (axis != NULL &&
        (!json_is_integer(axis) ||
         (json_integer_value(axis) != -1 && json_integer_value(axis) != iso_keras_rank(c) - 1)))
        return iso_keras_refuse(c, "isocl's runs over the last axis");
    return iso_keras_add(c, ISO_OP_unit_normalization, false, "");
}

static const struct {
    const char *class_name;
    int (*take)(const struct iso_keras_config *);
} takers[] = {
    { "Activation", activation },
    { "ReLU", relu },
    { "LeakyReLU", leaky_relu },
    { "ELU", elu },
    { "Softmax", softmax },
    { "PReLU", prelu },
    { "Rescaling", rescaling },
    { "Normalization", normalization },
    { "Dense", iso_keras_dense },
    { "Reshape", iso_keras_reshape },
    { "Permute", iso_keras_permute },
    { "MultiHeadAttention", iso_keras_attention },
    { "UnitNormalization", unit_normalization },
};
static const char passed[] =
    " Identity GaussianNoise GaussianDropout AlphaDropout ActivityRegularization RandomFlip "
    "RandomRotation RandomZoom RandomTranslation RandomContrast RandomBrightness "
    "RandomHeight RandomWidth RandAugment ";

int iso_keras_take_layer(const struct iso_keras_config *c)
{
    /* A .h5 does not say that it is a function; a layer of these joins several results. */
    if (c->function ||
        (c->nx == 1 && !isnan(c->number) && is_one_of(c->class_name, " Add Multiply ")))
        return function(c);
    for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++)
        if (strcmp(takers[i].class_name, c->class_name) == 0)
            return takers[i].take(c);
    if (is_one_of(c->class_name, passed))
        return pass(c);
    if (strcmp(c->class_name, "Lambda") == 0)
        return iso_keras_refuse(c,
                                "holds Python code, which isocl never runs; build the network "
                                "without it");
    const int op = iso_keras_op(c->class_name);
    if (op < 0)
        return iso_keras_refuse(c,
                                "isocl has no layer for Keras's class %.60s; export the network "
                                "as .onnx, or build it without that layer",
                                c->class_name);
    if (op == ISO_OP_dropout || op == ISO_OP_spatial_dropout2d || op == ISO_OP_stochastic_depth)
        return dropout(c, (enum iso_op)op);
    return iso_keras_generic(c, (enum iso_op)op);
}
