#include "classes.h"

#include <ctype.h>
#include <string.h>

/* The first line of an op has the name that Keras 3 writes. */
static const struct {
    const char *name;
    enum iso_op op;
} classes[] = {
    { "Dense", ISO_OP_dense },
    { "Conv2D", ISO_OP_conv2d },
    { "Convolution2D", ISO_OP_conv2d },
    { "Conv2DTranspose", ISO_OP_conv2d_transpose },
    { "Deconvolution2D", ISO_OP_conv2d_transpose },
    { "DepthwiseConv2D", ISO_OP_depthwise_conv2d },
    { "SeparableConv2D", ISO_OP_separable_conv2d },
    { "SeparableConvolution2D", ISO_OP_separable_conv2d },
    { "MaxPooling2D", ISO_OP_max_pooling2d },
    { "MaxPool2D", ISO_OP_max_pooling2d },
    { "AveragePooling2D", ISO_OP_average_pooling2d },
    { "AvgPool2D", ISO_OP_average_pooling2d },
    { "GlobalAveragePooling2D", ISO_OP_global_average_pooling2d },
    { "GlobalAvgPool2D", ISO_OP_global_average_pooling2d },
    { "GlobalAveragePooling1D", ISO_OP_global_average_pooling2d },
    { "GlobalMaxPooling2D", ISO_OP_global_max_pooling2d },
    { "GlobalMaxPool2D", ISO_OP_global_max_pooling2d },
    { "GlobalMaxPooling1D", ISO_OP_global_max_pooling2d },
    { "Activation", ISO_OP_activation },
    { "Dropout", ISO_OP_dropout },
    { "SpatialDropout2D", ISO_OP_spatial_dropout2d },
    { "BatchNormalization", ISO_OP_batch_normalization },
    { "BatchNormalizationV1", ISO_OP_batch_normalization },
    { "SyncBatchNormalization", ISO_OP_batch_normalization },
    { "LayerNormalization", ISO_OP_layer_normalization },
    { "Add", ISO_OP_add },
    { "Multiply", ISO_OP_multiply },
    { "Concatenate", ISO_OP_concatenate },
    { "PReLU", ISO_OP_prelu },
    { "ZeroPadding2D", ISO_OP_zero_padding2d },
    { "Cropping2D", ISO_OP_cropping2d },
    { "Permute", ISO_OP_permute },
    { "Reshape", ISO_OP_reshape },
    { "Flatten", ISO_OP_flatten },
    /* Classes of keras.applications' own. */
    { "LayerScale", ISO_OP_layer_scale },
    { "StochasticDepth", ISO_OP_stochastic_depth },
};
enum { CLASSES = sizeof classes / sizeof classes[0] };

const char *iso_keras_class(enum iso_op op)
{
    for (int i = 0; i < CLASSES; i++)
        if (classes[i].op == op)
            return classes[i].name;
    return NULL;
}

int iso_keras_op(const char *class_name)
{
    for (int i = 0; i < CLASSES; i++)
        if (strcmp(classes[i].name, class_name) == 0)
            return (int)classes[i].op;
    return -1;
}

/* Returns true if Keras puts a "_" before character i: a capital letter that begins a word of small
 * ones, or follows one. */
static bool begins_word(const char *name, size_t i)
{
    if (i == 0 || !isupper((unsigned char)name[i]))
        return false;
    return islower((unsigned char)name[i - 1]) || islower((unsigned char)name[i + 1]);
}

const char *iso_keras_snake(const char *class_name, char *buf, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; class_name[i] != '\0' && used + 2 < n; i++) {
        if (begins_word(class_name, i))
            buf[used++] = '_';
        buf[used++] = (char)tolower((unsigned char)class_name[i]);
    }
    buf[used] = '\0';
    return buf;
}
