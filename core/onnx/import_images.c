/* import_images.c: ONNX's operators on windows of images. */
#include "import_build.h"
#include "core/ops/activation.h"
#include "core/ops/conv2d.h"
#include "core/ops/depthwise_conv2d.h"
#include "core/ops/pooling2d.h"
#include "core/ops/separable_conv2d.h"
#include "core/ops/zero_padding2d.h"

#include <string.h>

const struct iso_onnx_known *iso_onnx_image(const struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    if (x == NULL || x->order == ISO_ONNX_FIRST)
        return x;
    iso_onnx_refuse(im, "reads %s, where isocl has layers for images with their channels first",
                    x->shape.ndim == 4 ? "an image with its channels last"
                                       : "what is no image of two dimensions");
    return NULL;
}

/* ---- Convolutions -------------------------------------------------------------------------- */

iso_rc iso_onnx_set_kernel(struct iso_onnx_importer *im, struct iso_onnx_layer *l, int w,
                           const struct iso_onnx_tensor *t, int64_t channels, bool depthwise)
{
    const int64_t out = t->dim[0], in = t->dim[1], taps = t->dim[2] * t->dim[3];
    const int64_t full[4] = { t->dim[2], t->dim[3], in, out };
    const int64_t own[4] = { t->dim[2], t->dim[3], channels, out / channels };
    const float *from = iso_onnx_floats(im, t, iso_onnx_count(t));
    float *to = from != NULL ? iso_onnx_new_weight(im, l, w, 4, depthwise ? own : full) : NULL;
    if (to == NULL)
        return from != NULL ? ISO_ENOMEM : ISO_EDATA;
    for (int64_t o = 0; o < out; o++)
        for (int64_t i = 0; i < in; i++)
            for (int64_t k = 0; k < taps; k++)
                to[(k * in + i) * out + o] = from[(o * in + i) * taps + k];
    return ISO_OK;
}

iso_rc iso_onnx_set_bias(struct iso_onnx_importer *im, struct iso_onnx_layer *l, int w,
                         int64_t count)
{
    const struct iso_onnx_tensor *t = iso_onnx_c(im, 2);
    const float *from = t != NULL ? iso_onnx_floats(im, t, count) : NULL;
    float *to = from != NULL ? iso_onnx_new_weight(im, l, w, 1, &count) : NULL;
    if (to == NULL)
        return from != NULL ? ISO_ENOMEM : ISO_EDATA;
    memcpy(to, from, (size_t)count * sizeof *to);
    return ISO_OK;
}

/* isocl writes a separable convolution as two nodes, which are called as the layer. */
static struct iso_onnx_layer *first_half(const struct iso_onnx_importer *im,
                                         const struct iso_onnx_known *x,
                                         const struct iso_onnx_tensor *k,
                                         const struct iso_onnx_window *p)
{
    struct iso_onnx_layer *l = x->layer < 0 ? NULL : &im->layers[x->layer];
    const char *end = strrchr(k->name, '/');
    if (l == NULL || l->op != ISO_OP_depthwise_conv2d || end == NULL ||
        strcmp(end, "/pointwise_kernel") != 0 || strlen(l->name) != (size_t)(end - k->name) ||
        strncmp(l->name, k->name, strlen(l->name)) != 0 || l->w[1].values != NULL ||
        iso_onnx_free_activation(l) == NULL || k->dim[2] * k->dim[3] != 1 || p->framed ||
        p->strides[0] * p->strides[1] != 1 || iso_onnx_uses(im, x) != 1)
        return NULL;
    return l;
}

static iso_rc separable(struct iso_onnx_importer *im, struct iso_onnx_layer *l,
                        const struct iso_onnx_tensor *k, int64_t channels)
{
    const struct iso_depthwise_conv2d first = *(struct iso_depthwise_conv2d *)l->params;
    struct iso_separable_conv2d *p = iso_onnx_alloc(im->m, 1, sizeof *p);
    const struct iso_op_def *def = iso_ops[ISO_OP_separable_conv2d].def;
    if (p == NULL || iso_fields_default(def->fields, p) != ISO_OK)
        return ISO_ENOMEM;
    memcpy(p->kernel_size, first.kernel_size, sizeof p->kernel_size);
    memcpy(p->strides, first.strides, sizeof p->strides);
    memcpy(p->dilation_rate, first.dilation_rate, sizeof p->dilation_rate);
    p->depth_multiplier = first.depth_multiplier;
    p->padding = first.padding;
    p->filters = k->dim[0];
    p->use_bias = iso_onnx_has(im, 2);
    l->op = ISO_OP_separable_conv2d;
    l->params = p;
    ISO_TRY(iso_onnx_set_kernel(im, l, ISO_SEPARABLE_POINTWISE, k, channels, false));
    if (p->use_bias)
        ISO_TRY(iso_onnx_set_bias(im, l, ISO_SEPARABLE_BIAS, k->dim[0]));
    return iso_onnx_result(im, l, ISO_ONNX_FIRST);
}

static void set_conv2d(struct iso_conv2d *p, const struct iso_onnx_window *window, int64_t filters,
                       int64_t groups, bool bias)
{
    p->filters = filters;
    p->groups = groups;
    p->use_bias = bias;
    p->padding = window->padding;
    memcpy(p->kernel_size, window->kernel, sizeof p->kernel_size);
    memcpy(p->strides, window->strides, sizeof p->strides);
    memcpy(p->dilation_rate, window->dilations, sizeof p->dilation_rate);
}

static void set_depthwise(struct iso_depthwise_conv2d *p, const struct iso_onnx_window *window,
                          int64_t multiplier, bool bias)
{
    p->depth_multiplier = multiplier;
    p->use_bias = bias;
    p->padding = window->padding;
    memcpy(p->kernel_size, window->kernel, sizeof p->kernel_size);
    memcpy(p->strides, window->strides, sizeof p->strides);
    memcpy(p->dilation_rate, window->dilations, sizeof p->dilation_rate);
}

static iso_rc check_groups(const struct iso_onnx_importer *im, const struct iso_onnx_tensor *k,
                           int64_t groups, int64_t channels)
{
    if (k->ndim != 4)
        return iso_onnx_refuse(im,
                               "kernel '%.60s' has %d dimensions; isocl has layers for images, "
                               "with 4",
                               k->name, k->ndim);
    if (groups < 1)
        return iso_onnx_refuse(im, "attribute group is %lld", (long long)groups);
    if (k->dim[1] * groups != channels || k->dim[0] < 1 || k->dim[0] % groups != 0)
        return iso_onnx_refuse(im, "kernel '%.60s' does not fit %lld channels", k->name,
                               (long long)channels);
    return ISO_OK;
}

iso_rc iso_onnx_conv(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *from = iso_onnx_image(im);
    const struct iso_onnx_tensor *k = from != NULL ? iso_onnx_c(im, 1) : NULL;
    if (k == NULL)
        return ISO_EDATA;
    const int64_t channels = from->shape.dim[3], groups = iso_onnx_get_int(im, "group", 1);
    const bool bias = iso_onnx_has(im, 2),
               depthwise = groups == channels && k->dim[1] == 1 && channels > 1;
    ISO_TRY(check_groups(im, k, groups, channels));
    struct iso_onnx_window p = { .kernel = { k->dim[2], k->dim[3] } };
    ISO_TRY(iso_onnx_read_window(im, from, &p));
    if (p.kernel[0] != k->dim[2] || p.kernel[1] != k->dim[3])
        return iso_onnx_refuse(im, "attribute kernel_shape is not that of '%.60s'", k->name);
    struct iso_onnx_layer *half = first_half(im, from, k, &p);
    if (half != NULL)
        return separable(im, half, k, channels);
    struct iso_onnx_known framed = *from;
    if (p.framed)
        ISO_TRY(iso_onnx_add_frame(im, &p, &framed));
    const struct iso_onnx_known *x = &framed;
    struct iso_onnx_layer *l =
        iso_onnx_layer(im, depthwise ? ISO_OP_depthwise_conv2d : ISO_OP_conv2d, k->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    if (depthwise)
        set_depthwise(l->params, &p, k->dim[0] / channels, bias);
    else
        set_conv2d(l->params, &p, k->dim[0], groups, bias);
    ISO_TRY(iso_onnx_set_kernel(im, l, 0, k, channels, depthwise));
    if (bias)
        ISO_TRY(iso_onnx_set_bias(im, l, 1, k->dim[0]));
    return iso_onnx_result(im, l, ISO_ONNX_FIRST);
}

/* ---- Poolings ------------------------------------------------------------------------------ */

/* True if a layer's results are never below 0, so that zeros around them are never a maximum. */
static bool not_negative(const struct iso_onnx_importer *im, int layer)
{
    for (; layer >= 0; layer = im->layers[layer].x[0]) {
        const struct iso_onnx_layer *l = &im->layers[layer];
        const bool passes = l->op == ISO_OP_max_pooling2d || l->op == ISO_OP_average_pooling2d ||
                            l->op == ISO_OP_zero_padding2d || l->op == ISO_OP_dropout;
        int function = ISO_LINEAR;
        if (l->op == ISO_OP_activation)
            function = ((const struct iso_activation *)l->params)->function;
        for (const struct iso_field *f = iso_ops[l->op].def->fields; f->key != NULL; f++)
            if (f->type == ISO_FIELD_ACTIVATION)
                function = *(const int *)(const void *)((const char *)l->params + f->offset);
        if (!passes)
            return function == ISO_RELU || function == ISO_SIGMOID || function == ISO_SOFTMAX ||
                   function == ISO_SOFTPLUS || function == ISO_HARD_SIGMOID ||
                   function == ISO_RELU6;
    }
    return false;
}

/* The effect of a frame of zeros on a pooling. OTHER: it differs from padding. SAME: it equals
 * padding. COUNTED: it counts like pixels, as this pooling's padding does. */
enum frame { OTHER, SAME, COUNTED };

static iso_rc pool(struct iso_onnx_importer *im, enum iso_op op, enum frame frame, const char *why)
{
    const struct iso_onnx_known *from = iso_onnx_image(im);
    struct iso_onnx_window p = { .kernel = { 0 } };
    if (from == NULL)
        return ISO_EDATA;
    ISO_TRY(iso_onnx_read_window(im, from, &p));
    if (p.dilations[0] != 1 || p.dilations[1] != 1)
        return iso_onnx_refuse(im, "attribute dilations: isocl's poolings have none");
    if (im->node->ny > 1 && *im->node->y[1] && iso_onnx_readers(im, im->node->y[1]) > 0)
        return iso_onnx_refuse(im, "its second result, where the maxima were, is read");
    if (frame == COUNTED && p.padding == ISO_PADDING_SAME) {
        p.framed = true;
        p.padding = ISO_PADDING_VALID;
    }
    if (p.framed && frame == OTHER)
        return iso_onnx_refuse(im,
                               "attribute pads, or auto_pad or ceil_mode: [%lld, %lld, %lld, "
                               "%lld] is not what isocl's padding: same would be here%s",
                               (long long)p.pads[0], (long long)p.pads[1], (long long)p.pads[2],
                               (long long)p.pads[3], why);
    struct iso_onnx_known framed = *from;
    if (p.framed)
        ISO_TRY(iso_onnx_add_frame(im, &p, &framed));
    const struct iso_onnx_known *x = &framed;
    struct iso_onnx_layer *l = iso_onnx_layer(im, op, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    struct iso_pooling2d *params = l->params;
    memcpy(params->pool_size, p.kernel, sizeof params->pool_size);
    memcpy(params->strides, p.strides, sizeof params->strides);
    params->padding = p.padding;
    return iso_onnx_result(im, l, ISO_ONNX_FIRST);
}

iso_rc iso_onnx_max_pool(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    if (x == NULL)
        return ISO_EDATA;
    return pool(im, ISO_OP_max_pooling2d, not_negative(im, x->layer) ? SAME : OTHER,
                ", and zeros around it could be larger than what it reads");
}

iso_rc iso_onnx_average_pool(struct iso_onnx_importer *im)
{
    const bool counts = iso_onnx_get_int(im, "count_include_pad", 0) != 0;
    if (counts && iso_onnx_get_int(im, "ceil_mode", 0) != 0)
        return iso_onnx_refuse(im,
                               "attributes count_include_pad and ceil_mode together are not "
                               "understood");
    return pool(im, ISO_OP_average_pooling2d, counts ? COUNTED : OTHER, "");
}

/* ---- The whole image ----------------------------------------------------------------------- */

static iso_rc global(struct iso_onnx_importer *im, enum iso_op op, const struct iso_onnx_known *x,
                     bool keeps)
{
    struct iso_onnx_layer *l = x != NULL ? iso_onnx_layer(im, op, im->node->name, 1, &x) : NULL;
    if (l == NULL)
        return x != NULL ? ISO_ENOMEM : ISO_EDATA;
    ((struct iso_pooling2d *)l->params)->keepdims = keeps;
    return iso_onnx_result(im, l, keeps ? x->order : ISO_ONNX_LAST);
}

iso_rc iso_onnx_global_average_pool(struct iso_onnx_importer *im)
{
    return global(im, ISO_OP_global_average_pooling2d, iso_onnx_image(im), true);
}

iso_rc iso_onnx_global_max_pool(struct iso_onnx_importer *im)
{
    return global(im, ISO_OP_global_max_pooling2d, iso_onnx_image(im), true);
}

/* A mean, or a maximum, over height and width is a global pooling; isocl has no other. */
static iso_rc reduce(struct iso_onnx_importer *im, enum iso_op op)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    int64_t axes[ISO_ONNX_DIMS];
    int n = ISO_ONNX_DIMS;
    if (x == NULL)
        return ISO_EDATA;
    const int h = x->order == ISO_ONNX_FIRST ? 2 : 1;
    ISO_TRY(iso_onnx_get_list(im, 1, "axes", &n, axes));
    for (int i = 0; i < n; i++)
        axes[i] += axes[i] < 0 ? 4 : 0;
    if (x->shape.ndim != 4 || n != 2 || axes[0] + axes[1] != 2 * h + 1 ||
        axes[0] * axes[1] != h * (h + 1))
        return iso_onnx_refuse(im,
                               "attribute axes: isocl reduces over height and width, here %d "
                               "and %d, only",
                               h, h + 1);
    return global(im, op, x, iso_onnx_get_int(im, "keepdims", 1) != 0);
}

iso_rc iso_onnx_reduce_mean(struct iso_onnx_importer *im)
{
    return reduce(im, ISO_OP_global_average_pooling2d);
}

iso_rc iso_onnx_reduce_max(struct iso_onnx_importer *im)
{
    return reduce(im, ISO_OP_global_max_pooling2d);
}

/* ---- Pad ----------------------------------------------------------------------------------- */

/* Only zeros, and only around height and width. */
static iso_rc check_value(const struct iso_onnx_importer *im)
{
    const struct iso_onnx_attribute *mode = iso_onnx_attribute(im->node, "mode");
    const struct iso_onnx_tensor *t = NULL;
    if (mode != NULL && strcmp(mode->text, "constant") != 0)
        return iso_onnx_refuse(im, "attribute mode: isocl pads with zeros, not '%.20s'",
                               mode->text);
    if (iso_onnx_has(im, 2) && (t = iso_onnx_c(im, 2)) == NULL)
        return ISO_EDATA;
    const float *value = t != NULL ? iso_onnx_floats(im, t, 1) : NULL;
    if (t != NULL && value == NULL)
        return ISO_EDATA;
    if ((value != NULL && *value != 0) || iso_onnx_get_real(im, "value", 0) != 0)
        return iso_onnx_refuse(im, "pads with another value than 0, which isocl does not");
    if (iso_onnx_has(im, 3))
        return iso_onnx_refuse(im, "input axes is not understood");
    return ISO_OK;
}

iso_rc iso_onnx_pad(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    int64_t pads[8] = { 0 };
    int n = 8;
    if (x == NULL)
        return ISO_EDATA;
    ISO_TRY(check_value(im));
    ISO_TRY(iso_onnx_get_list(im, 1, "pads", &n, pads));
    const bool first = x->order == ISO_ONNX_FIRST;
    const int h = first ? 2 : 1, w = h + 1, channel = first ? 1 : 3;
    if (n != 8 || x->shape.ndim != 4 || pads[0] + pads[4] + pads[channel] + pads[channel + 4] != 0)
        return iso_onnx_refuse(im, "isocl pads the height and width of images only");
    for (int i = 0; i < 8; i++)
        if (pads[i] < 0 || pads[i] > 4096)
            return iso_onnx_refuse(im, "pads has %lld lines", (long long)pads[i]);
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_zero_padding2d, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    const int64_t sides[4] = { pads[h], pads[h + 4], pads[w], pads[w + 4] };
    memcpy(((struct iso_zero_padding2d *)l->params)->padding, sides, sizeof sides);
    return iso_onnx_result(im, l, x->order);
}
