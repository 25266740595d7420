/* export_images.c: exports the ops on windows of images, and dense, as ONNX operators. */
#include "export_build.h"
#include "core/ops/conv2d.h"
#include "core/ops/conv2d_transpose.h"
#include "core/ops/depthwise_conv2d.h"
#include "core/ops/pooling2d.h"
#include "core/ops/separable_conv2d.h"
#include "core/ops/up_sampling2d.h"

#include <stdlib.h>

/* ---- Convolutions -------------------------------------------------------------------------- */

/* Returns the lines of padding behind the image that the last window needs. */
static int64_t behind(int64_t count, int64_t stride, int64_t taps, int64_t dilation, int64_t size,
                      int64_t before)
{
    const int64_t missing = (count - 1) * stride + (taps - 1) * dilation + 1 - size - before;
    return missing > 0 ? missing : 0;
}

static void set_window(struct iso_onnx_exporter *e, struct iso_onnx_node *node,
                       const struct iso_window *w)
{
    const int64_t size[2] = { w->kh, w->kw }, strides[2] = { w->sh, w->sw };
    const int64_t pads[4] = { w->top, w->left, behind(w->oh, w->sh, w->kh, w->dh, w->h, w->top),
                              behind(w->ow, w->sw, w->kw, w->dw, w->w, w->left) };
    iso_onnx_ints(e, node, "kernel_shape", 2, size);
    iso_onnx_ints(e, node, "strides", 2, strides);
    iso_onnx_ints(e, node, "pads", 4, pads);
}

/* k: the name of the kernel as ONNX has it; bias NULL: none. */
static void set_convolution(struct iso_onnx_exporter *e, struct iso_onnx_node *node, const char *x,
                            const char *k, const char *bias, const struct iso_window *w,
                            int64_t groups)
{
    const int64_t dilations[2] = { w->dh, w->dw };
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, k);
    if (bias != NULL)
        iso_onnx_input(e, node, bias);
    set_window(e, node, w);
    iso_onnx_ints(e, node, "dilations", 2, dilations);
    iso_onnx_int(e, node, "group", groups);
}

/* [kh, kw, in, out] as [out, in, kh, kw]. */
static const char *kernel(struct iso_onnx_exporter *e, int value)
{
    const struct iso_value *v = &e->graph->values[value];
    const int64_t taps = v->shape.dim[0] * v->shape.dim[1], in = v->shape.dim[2],
                  out = v->shape.dim[3];
    const int64_t dim[4] = { out, in, v->shape.dim[0], v->shape.dim[1] };
    float *from = iso_onnx_weight_read(e, value);
    float *to = from != NULL ? iso_onnx_constant(e, v->name, 4, dim) : NULL;
    for (int64_t t = 0; to != NULL && t < taps; t++)
        for (int64_t i = 0; i < in; i++)
            for (int64_t o = 0; o < out; o++)
                to[(o * in + i) * taps + t] = from[(t * in + i) * out + o];
    free(from);
    return v->name;
}

/* [kh, kw, in, m] as [in m, 1, kh, kw]: a group of m results for each channel. */
static const char *depthwise_kernel(struct iso_onnx_exporter *e, int value)
{
    const struct iso_value *v = &e->graph->values[value];
    const int64_t taps = v->shape.dim[0] * v->shape.dim[1];
    const int64_t results = v->shape.dim[2] * v->shape.dim[3];
    const int64_t dim[4] = { results, 1, v->shape.dim[0], v->shape.dim[1] };
    float *from = iso_onnx_weight_read(e, value);
    float *to = from != NULL ? iso_onnx_constant(e, v->name, 4, dim) : NULL;
    for (int64_t t = 0; to != NULL && t < taps; t++)
        for (int64_t r = 0; r < results; r++)
            to[r * taps + t] = from[t * results + r];
    free(from);
    return v->name;
}

static void convolve(struct iso_onnx_exporter *e, const struct iso_node *n,
                     const struct iso_window *w, const char *k, int64_t groups)
{
    const char *x = iso_onnx_as(e, n->x[0], true), *bias = iso_onnx_weight(e, n, 1);
    struct iso_onnx_node *node = iso_onnx_add_for(e, "Conv", e->layer, n->y[0], true);
    set_convolution(e, node, x, k, bias, w, groups);
}

void iso_onnx_export_conv2d(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_conv2d *p = n->params;
    const struct iso_window w = iso_conv2d_window(p, iso_onnx_shape(e, n->x[0]));
    convolve(e, n, &w, kernel(e, n->w[0]), p->groups);
}

/* The lines that ONNX's operator takes off behind the result along one axis, or adds there (below
 * 0). */
static int64_t taken_off(int64_t count, int64_t stride, int64_t taps, int64_t dilation,
                         int64_t size, int64_t before)
{
    return (count - 1) * stride + (taps - 1) * dilation + 1 - size - before;
}

/* ONNX has this kernel, [filters, in] for each tap, as [in, filters, kh, kw], too. */
void iso_onnx_export_conv2d_transpose(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_conv2d conv =
        iso_conv2d_transpose_conv2d(n->params, iso_onnx_shape(e, n->x[0]));
    const struct iso_window w = iso_conv2d_window(&conv, iso_onnx_shape(e, n->y[0]));
    const int64_t size[2] = { w.kh, w.kw }, strides[2] = { w.sh, w.sw },
                  dilations[2] = { w.dh, w.dw };
    const int64_t below = taken_off(w.oh, w.sh, w.kh, w.dh, w.h, w.top);
    const int64_t right = taken_off(w.ow, w.sw, w.kw, w.dw, w.w, w.left);
    const int64_t pads[4] = { w.top, w.left, below > 0 ? below : 0, right > 0 ? right : 0 };
    const int64_t more[2] = { below < 0 ? -below : 0, right < 0 ? -right : 0 };
    const char *x[3] = { iso_onnx_as(e, n->x[0], true), kernel(e, n->w[0]),
                         iso_onnx_weight(e, n, 1) };
    struct iso_onnx_node *node = iso_onnx_add_for(e, "ConvTranspose", e->layer, n->y[0], true);
    for (int i = 0; i < 3 && x[i] != NULL; i++)
        iso_onnx_input(e, node, x[i]);
    iso_onnx_ints(e, node, "kernel_shape", 2, size);
    iso_onnx_ints(e, node, "strides", 2, strides);
    iso_onnx_ints(e, node, "pads", 4, pads);
    iso_onnx_ints(e, node, "output_padding", 2, more);
    iso_onnx_ints(e, node, "dilations", 2, dilations);
}

void iso_onnx_export_depthwise_conv2d(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_window w = iso_depthwise_conv2d_window(n->params, iso_onnx_shape(e, n->x[0]));
    convolve(e, n, &w, depthwise_kernel(e, n->w[0]), w.c);
}

void iso_onnx_export_separable_conv2d(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_depthwise_conv2d first = iso_separable_conv2d_depthwise(n->params);
    const struct iso_window w = iso_depthwise_conv2d_window(&first, iso_onnx_shape(e, n->x[0]));
    const struct iso_window pixel = { .oh = w.oh,
                                      .ow = w.ow,
                                      .h = w.oh,
                                      .w = w.ow,
                                      .kh = 1,
                                      .kw = 1,
                                      .sh = 1,
                                      .sw = 1,
                                      .dh = 1,
                                      .dw = 1 };
    const char *x = iso_onnx_as(e, n->x[0], true), *middle = iso_onnx_subname(e, "middle");
    const char *depthwise = depthwise_kernel(e, n->w[ISO_SEPARABLE_DEPTHWISE]);
    const char *pointwise = kernel(e, n->w[ISO_SEPARABLE_POINTWISE]);
    const char *bias = iso_onnx_weight(e, n, ISO_SEPARABLE_BIAS);
    struct iso_onnx_node *node = iso_onnx_add(e, "Conv", iso_onnx_subname(e, "depthwise"), middle);
    set_convolution(e, node, x, depthwise, NULL, &w, w.c);
    node = iso_onnx_add_for(e, "Conv", iso_onnx_subname(e, "pointwise"), n->y[0], true);
    set_convolution(e, node, middle, pointwise, bias, &pixel, 1);
}

void iso_onnx_export_dense(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const char *k = iso_onnx_weight(e, n, 0), *bias = iso_onnx_weight(e, n, 1);
    struct iso_onnx_node *node = iso_onnx_add_for(e, "Gemm", e->layer, n->y[0], false);
    iso_onnx_input(e, node, e->names[n->x[0]].last);
    iso_onnx_input(e, node, k);
    if (bias != NULL)
        iso_onnx_input(e, node, bias);
}

/* ---- Poolings ------------------------------------------------------------------------------ */

static struct iso_onnx_node *pool(struct iso_onnx_exporter *e, const struct iso_node *n,
                                  const char *op)
{
    const struct iso_window w = iso_pooling2d_window(n->params, iso_onnx_shape(e, n->x[0]));
    const char *x = iso_onnx_as(e, n->x[0], true);
    struct iso_onnx_node *node = iso_onnx_add_for(e, op, e->layer, n->y[0], true);
    iso_onnx_input(e, node, x);
    set_window(e, node, &w);
    return node;
}

void iso_onnx_export_max_pooling2d(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    pool(e, n, "MaxPool");
}

void iso_onnx_export_average_pooling2d(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    iso_onnx_int(e, pool(e, n, "AveragePool"), "count_include_pad", 0);
}

/* ONNX's keeps height and width, as 1 and 1. */
static void global_pool(struct iso_onnx_exporter *e, const struct iso_node *n, const char *op)
{
    const bool keeps = ((const struct iso_pooling2d *)n->params)->keepdims;
    const char *x = iso_onnx_as(e, n->x[0], true), *y = keeps ? "" : iso_onnx_subname(e, "pooled");
    struct iso_onnx_node *node = keeps ? iso_onnx_add_for(e, op, e->layer, n->y[0], true)
                                       : iso_onnx_add(e, op, e->layer, y);
    iso_onnx_input(e, node, x);
    if (keeps)
        return;
    node = iso_onnx_add_for(e, "Flatten", iso_onnx_subname(e, "flatten"), n->y[0], false);
    iso_onnx_input(e, node, y);
}

void iso_onnx_export_global_average_pooling2d(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    global_pool(e, n, "GlobalAveragePool");
}

void iso_onnx_export_global_max_pooling2d(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    global_pool(e, n, "GlobalMaxPool");
}

/* ---- Enlargement --------------------------------------------------------------------------- */

void iso_onnx_export_up_sampling2d(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_up_sampling2d *p = n->params;
    const bool nearest = p->interpolation == ISO_UP_NEAREST;
    const int64_t four[1] = { 4 };
    const char *x = iso_onnx_as(e, n->x[0], true), *scales = iso_onnx_subname(e, "scales");
    float *to = iso_onnx_constant(e, scales, 1, four);
    for (int i = 0; to != NULL && i < 4; i++)
        to[i] = i < 2 ? 1 : (float)p->size[i - 2];
    struct iso_onnx_node *node = iso_onnx_add_for(e, "Resize", e->layer, n->y[0], true);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, ""); /* no region of interest */
    iso_onnx_input(e, node, scales);
    iso_onnx_word(e, node, "mode", nearest ? "nearest" : "linear");
    iso_onnx_word(e, node, "coordinate_transformation_mode", nearest ? "asymmetric" : "half_pixel");
    iso_onnx_word(e, node, "nearest_mode", "floor");
}
