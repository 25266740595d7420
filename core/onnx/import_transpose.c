/* import_transpose.c: ONNX's transposed convolution, whose padding takes lines off the result. */
#include "import_build.h"
#include "core/ops/conv2d_transpose.h"
#include "core/ops/cropping2d.h"

#include <string.h>

/* The node's attributes. pads: lines taken off above, to the left, below, to the right. */
struct transposed {
    int64_t kernel[2], strides[2], dilations[2], pads[4], more[2];
};

static iso_rc read_attributes(struct iso_onnx_importer *im, struct transposed *t)
{
    const struct iso_onnx_attribute *by = iso_onnx_attribute(im->node, "auto_pad");
    int64_t size[2] = { 0 };
    t->strides[0] = t->strides[1] = t->dilations[0] = t->dilations[1] = 1;
    ISO_TRY(iso_onnx_get_ints(im, "kernel_shape", 2, t->kernel));
    ISO_TRY(iso_onnx_get_ints(im, "strides", 2, t->strides));
    ISO_TRY(iso_onnx_get_ints(im, "dilations", 2, t->dilations));
    ISO_TRY(iso_onnx_get_ints(im, "pads", 4, t->pads));
    ISO_TRY(iso_onnx_get_ints(im, "output_padding", 2, t->more));
    ISO_TRY(iso_onnx_get_ints(im, "output_shape", 2, size));
    if (size[0] != 0 ||
        (by != NULL && strcmp(by->text, "NOTSET") != 0 && strcmp(by->text, "VALID") != 0))
        return iso_onnx_refuse(im,
                               "attributes output_shape and auto_pad are not understood: give pads "
                               "and output_padding");
    for (int i = 0; i < 4; i++)
        if (t->pads[i] < 0 || t->pads[i] > 4096 || t->kernel[i / 2] < 1 ||
            t->kernel[i / 2] > 4096 || t->strides[i / 2] < 1 || t->strides[i / 2] > 4096 ||
            t->dilations[i / 2] < 1 || t->dilations[i / 2] > 4096 || t->more[i / 2] < 0 ||
            t->more[i / 2] >= t->strides[i / 2])
            return iso_onnx_refuse(im,
                                   "its kernel, strides, dilations and pads must be from 1, and 0, "
                                   "to 4096, and output_padding less than strides");
    return ISO_OK;
}

/* The size of the result along one axis before and after lines are taken off. */
static int64_t whole(const struct transposed *t, int i, int64_t size)
{
    return (size - 1) * t->strides[i] + (t->kernel[i] - 1) * t->dilations[i] + 1;
}
static int64_t rest(const struct transposed *t, int i, int64_t size)
{
    return whole(t, i, size) + t->more[i] - t->pads[i] - t->pads[i + 2];
}

/* Returns true if isocl's padding: same takes off the same lines. */
static bool is_same(const struct transposed *t, const struct iso_shape *x)
{
    const struct iso_shape y = { 4,
                                 { 1, x->dim[1] * t->strides[0], x->dim[2] * t->strides[1], 1 } };
    const struct iso_window w =
        iso_window(&y, t->kernel, t->strides, t->dilations, ISO_PADDING_SAME);
    return w.top == t->pads[0] && w.left == t->pads[1] && y.dim[1] == rest(t, 0, x->dim[1]) &&
           y.dim[2] == rest(t, 1, x->dim[2]);
}

/* Sets the layer's params, and the lines that are still to be taken off. */
static void set_params(struct iso_conv2d_transpose *p, const struct transposed *t,
                       const struct iso_shape *x, int64_t sides[4])
{
    memcpy(p->kernel_size, t->kernel, sizeof p->kernel_size);
    memcpy(p->strides, t->strides, sizeof p->strides);
    memcpy(p->dilation_rate, t->dilations, sizeof p->dilation_rate);
    p->padding = is_same(t, x) ? ISO_PADDING_SAME : ISO_PADDING_VALID;
    for (int i = 0; i < 2 && p->padding == ISO_PADDING_VALID; i++) {
        const int64_t missing = t->more[i] - t->pads[i + 2];
        p->output_padding[i] = missing > 0 ? missing : 0;
        sides[2 * i] = t->pads[i];
        sides[2 * i + 1] = missing < 0 ? -missing : 0;
    }
}

/* Takes lines off the result of a layer, which is not yet known under a name. */
static iso_rc crop(struct iso_onnx_importer *im, struct iso_onnx_layer *l,
                   const struct iso_onnx_known *from, const int64_t sides[4])
{
    struct iso_shape x = from->shape;
    x.dim[0] = 1;
    l->shape = iso_conv2d_transpose_result(l->params, &x);
    const struct iso_onnx_known before = {
        .name = "", .layer = (int)(l - im->layers), .order = ISO_ONNX_FIRST, .shape = l->shape
    };
    const struct iso_onnx_known *px = &before;
    l = iso_onnx_layer(im, ISO_OP_cropping2d, im->node->name, 1, &px);
    if (l == NULL)
        return ISO_ENOMEM;
    memcpy(((struct iso_cropping2d *)l->params)->cropping, sides, 4 * sizeof *sides);
    return iso_onnx_result(im, l, ISO_ONNX_FIRST);
}

iso_rc iso_onnx_conv_transpose(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_image(im);
    const struct iso_onnx_tensor *k = x != NULL ? iso_onnx_c(im, 1) : NULL;
    int64_t sides[4] = { 0 };
    if (k == NULL)
        return ISO_EDATA;
    if (k->ndim != 4 || k->dim[0] != x->shape.dim[3] || iso_onnx_get_int(im, "group", 1) != 1)
        return iso_onnx_refuse(im,
                               "isocl transposes convolutions of images without groups; kernel "
                               "'%.60s' is of another kind",
                               k->name);
    struct transposed t = { .kernel = { k->dim[2], k->dim[3] } };
    const struct iso_onnx_known from = *x;
    ISO_TRY(read_attributes(im, &t));
    if (rest(&t, 0, x->shape.dim[1]) < 1 || rest(&t, 1, x->shape.dim[2]) < 1)
        return iso_onnx_refuse(im, "attribute pads takes off more lines than there are");
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_conv2d_transpose, k->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    struct iso_conv2d_transpose *p = l->params;
    set_params(p, &t, &from.shape, sides);
    p->filters = k->dim[1];
    p->use_bias = iso_onnx_has(im, 2);
    ISO_TRY(iso_onnx_set_kernel(im, l, 0, k, k->dim[1], false));
    if (p->use_bias)
        ISO_TRY(iso_onnx_set_bias(im, l, 1, k->dim[1]));
    return sides[0] + sides[1] + sides[2] + sides[3] > 0 ? crop(im, l, &from, sides)
                                                         : iso_onnx_result(im, l, ISO_ONNX_FIRST);
}
