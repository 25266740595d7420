/* import_ops.c: ONNX's operators on elements and rows, and the table of all that are understood. */
#include "import_build.h"
#include "core/ops/conv2d.h"
#include "core/ops/dense.h"
#include "core/ops/dropout.h"

#include <string.h>

/* ---- Products ------------------------------------------------------------------------------ */

struct product {                          /* product of rows and a matrix */
    const struct iso_onnx_tensor *kernel; /* [in, units], or turned: [units, in] */
    bool turned;
    const struct iso_onnx_tensor *bias; /* one number, or one for each unit; or NULL */
    float factor, bias_factor;
};

/* The bias, or what one number is for each unit. */
static iso_rc set_bias(struct iso_onnx_importer *im, struct iso_onnx_layer *l,
                       const struct product *p, int64_t units)
{
    const int64_t n = iso_onnx_count(p->bias);
    const float *from = iso_onnx_floats(im, p->bias, n == 1 ? 1 : units);
    float *to = from != NULL ? iso_onnx_new_weight(im, l, 1, 1, &units) : NULL;
    for (int64_t i = 0; to != NULL && i < units; i++)
        to[i] = p->bias_factor * from[n == 1 ? 0 : i];
    return to != NULL ? ISO_OK : from != NULL ? ISO_ENOMEM : ISO_EDATA;
}

/* The product for each pixel of an image whose channels are last: a convolution of one pixel. */
static struct iso_onnx_layer *pixels(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                                     const struct product *p, int64_t units)
{
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_conv2d, p->kernel->name, 1, &x);
    if (l == NULL)
        return NULL;
    struct iso_conv2d *to = l->params;
    to->kernel_size[0] = to->kernel_size[1] = 1;
    to->filters = units;
    to->use_bias = p->bias != NULL;
    return l;
}

static struct iso_onnx_layer *rows(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                                   const struct product *p, int64_t units)
{
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_dense, p->kernel->name, 1, &x);
    if (l == NULL)
        return NULL;
    ((struct iso_dense *)l->params)->units = units;
    ((struct iso_dense *)l->params)->use_bias = p->bias != NULL;
    return l;
}

static iso_rc dense(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                    const struct product *p)
{
    const struct iso_onnx_tensor *k = p->kernel;
    const bool turned = p->turned, image = x->shape.ndim == 4 && x->order != ISO_ONNX_FIRST;
    const enum iso_onnx_order order = image ? x->order : ISO_ONNX_LAST;
    if ((x->shape.ndim != 2 && !image) || k->ndim != 2)
        return iso_onnx_refuse(im,
                               "isocl multiplies rows, and the pixels of images whose channels "
                               "are last, with a matrix; flatten what is before it");
    const int64_t in = k->dim[turned], units = k->dim[!turned], dim[4] = { 1, 1, in, units };
    const float *from = iso_onnx_floats(im, k, x->shape.dim[x->shape.ndim - 1] * units);
    struct iso_onnx_layer *l = from != NULL ? (image ? pixels : rows)(im, x, p, units) : NULL;
    float *to = l != NULL ? iso_onnx_new_weight(im, l, 0, image ? 4 : 2, dim + (image ? 0 : 2))
                          : NULL;
    if (to == NULL)
        return from != NULL ? ISO_ENOMEM : ISO_EDATA;
    for (int64_t i = 0; i < in; i++)
        for (int64_t o = 0; o < units; o++)
            to[iso_onnx_element(x, i) * units + o] =
                p->factor * from[turned ? o * in + i : i * units + o];
    if (p->bias != NULL)
        ISO_TRY(set_bias(im, l, p, units));
    return iso_onnx_result(im, l, order);
}

/* Factors become part of the weights. */
static iso_rc gemm(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    struct product p = { .turned = iso_onnx_get_int(im, "transB", 0) != 0 };
    p.kernel = x != NULL ? iso_onnx_c(im, 1) : NULL;
    if (p.kernel == NULL || (iso_onnx_has(im, 2) && (p.bias = iso_onnx_c(im, 2)) == NULL))
        return ISO_EDATA;
    if (iso_onnx_get_int(im, "transA", 0) != 0)
        return iso_onnx_refuse(im, "attribute transA: isocl's rows are those of the batch");
    p.factor = (float)iso_onnx_get_real(im, "alpha", 1);
    p.bias_factor = (float)iso_onnx_get_real(im, "beta", 1);
    return dense(im, x, &p);
}

static iso_rc matmul(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct product p = { .kernel = x != NULL ? iso_onnx_c(im, 1) : NULL, .factor = 1 };
    return p.kernel != NULL ? dense(im, x, &p) : ISO_EDATA;
}

/* ---- Sums ---------------------------------------------------------------------------------- */

iso_rc iso_onnx_scale_input(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                            const struct iso_onnx_tensor *t, enum iso_onnx_scaling how)
{
    static const char *const verbs[] = { "adds", "subtracts", "multiplies with", "divides by",
                                         "takes from" };
    const int64_t n = iso_onnx_count(t), channels = im->input.dim[im->input.ndim - 1];
    const bool last = t->ndim == 0 || t->dim[t->ndim - 1] == n;
    const bool first = t->ndim >= 3 && t->dim[t->ndim - 3] == n;
    if (x->layer >= 0 || im->nlayers > 0 || (n != 1 && n != channels) || channels > ISO_REALS ||
        (n != 1 && !(x->order == ISO_ONNX_FIRST ? first : last)))
        return iso_onnx_refuse(im,
                               "isocl has no layer that %s a constant here; it has them for one "
                               "number, or one for each channel, of images and of the results of "
                               "convolutions and dense layers",
                               verbs[how]);
    const float *from = iso_onnx_floats(im, t, n);
    if (from == NULL)
        return ISO_EDATA;
    im->nscales = im->nscales > n ? im->nscales : (int)n;
    for (int i = 0; i < ISO_REALS; i++) {
        const double number = (double)from[i < n ? i : 0];
        const double factor = how == ISO_ONNX_MULTIPLIES ? number
                              : how == ISO_ONNX_DIVIDES  ? 1 / number
                                                         : 1;
        const double offset = how == ISO_ONNX_ADDS        ? number
                              : how == ISO_ONNX_SUBTRACTS ? -number
                                                          : 0;
        im->factor[i] *= factor;
        im->offset[i] = im->offset[i] * factor + offset;
    }
    return iso_onnx_same(im, x);
}

iso_rc iso_onnx_take_inputs(const struct iso_onnx_importer *im, int from, int most,
                            const struct iso_onnx_known **x, int *n)
{
    for (*n = 0; *n < most && from + *n < im->node->nx; ++*n) {
        x[*n] = iso_onnx_x(im, from + *n);
        if (x[*n] == NULL)
            return ISO_EDATA;
        if (x[*n]->order != x[0]->order)
            return iso_onnx_refuse(im,
                                   "its inputs have different orders of axes: put a Transpose "
                                   "before '%.60s'",
                                   x[*n]->name);
    }
    return ISO_OK;
}

static iso_rc sum(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x[ISO_OPERANDS];
    int n;
    if (im->node->nx > ISO_OPERANDS || im->node->nx < 2)
        return iso_onnx_refuse(im, "has %d inputs; isocl's add has 2 to %d", im->node->nx,
                               ISO_OPERANDS);
    ISO_TRY(iso_onnx_take_inputs(im, 0, ISO_OPERANDS, x, &n));
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_add, im->node->name, n, x);
    return l != NULL ? iso_onnx_result(im, l, x[0]->order) : ISO_ENOMEM;
}

static iso_rc add(struct iso_onnx_importer *im)
{
    for (int i = 0; i < 2 && im->node->nx == 2; i++) {
        const struct iso_onnx_known *c = iso_onnx_value(im, im->node->x[i]);
        const struct iso_onnx_known *x = c != NULL && c->constant != NULL ? iso_onnx_x(im, 1 - i)
                                                                          : NULL;
        if (c == NULL || (c->constant != NULL && x == NULL))
            return ISO_EDATA;
        iso_rc rc;
        if (x != NULL && iso_onnx_adds_positions(im, x, c->constant, &rc))
            return rc;
        if (x != NULL)
            return iso_onnx_affine(im, x, c->constant, ISO_ONNX_ADDS);
    }
    return sum(im);
}

static iso_rc subtract(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *c = iso_onnx_has(im, 0) ? iso_onnx_find(im, im->node->x[0]) : NULL;
    const bool turned = c != NULL && c->constant != NULL;
    const struct iso_onnx_known *x = iso_onnx_x(im, turned);
    const struct iso_onnx_tensor *t = x != NULL ? iso_onnx_c(im, !turned) : NULL;
    return t != NULL ? iso_onnx_affine(im, x, t, turned ? ISO_ONNX_TAKEN_FROM : ISO_ONNX_SUBTRACTS)
                     : ISO_EDATA;
}

static iso_rc divide(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_tensor *t = x != NULL ? iso_onnx_c(im, 1) : NULL;
    return t != NULL ? iso_onnx_affine(im, x, t, ISO_ONNX_DIVIDES) : ISO_EDATA;
}

/* More than isocl's concatenate takes are joined one after another. */
static iso_rc concat(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x[ISO_OPERANDS];
    struct iso_onnx_known joined;
    int done = 0, n;
    iso_rc rc;
    if (iso_onnx_begins_tokens(im, &rc))
        return rc;
    const struct iso_onnx_known *first = iso_onnx_x(im, 0);
    if (first == NULL)
        return ISO_EDATA;
    const int last = first->shape.ndim - 1, axis = (int)iso_onnx_get_int(im, "axis", 1);
    const int want = first->order == ISO_ONNX_FIRST ? 1 : last;
    if (first->order == ISO_ONNX_ROW_FIRST || (axis < 0 ? axis + last + 1 : axis) != want)
        return iso_onnx_refuse(im, "attribute axis is %d; isocl joins the channels", axis);
    if (im->node->nx == 1)
        return iso_onnx_same(im, first);
    for (; done < im->node->nx; done += n) {
        const int more = done > 0;
        x[0] = &joined;
        ISO_TRY(iso_onnx_take_inputs(im, done, ISO_OPERANDS - more, x + more, &n));
        if (x[more]->order != first->order)
            return iso_onnx_refuse(im, "its inputs have different orders of axes");
        struct iso_onnx_layer *l =
            iso_onnx_layer(im, ISO_OP_concatenate, im->node->name, n + more, x);
        if (l == NULL)
            return ISO_ENOMEM;
        if (done + n == im->node->nx)
            return iso_onnx_result(im, l, first->order);
        joined = (struct iso_onnx_known){
            .name = "", .layer = (int)(l - im->layers), .order = first->order, .shape = x[0]->shape
        };
        for (int i = 1; i < n + more; i++)
            joined.shape.dim[last] += x[i]->shape.dim[last];
        l->shape = joined.shape;
    }
    return ISO_OK;
}

/* ---- Passed on ----------------------------------------------------------------------------- */

static iso_rc dropout(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_tensor *t = NULL;
    if (x == NULL || (iso_onnx_has(im, 1) && (t = iso_onnx_c(im, 1)) == NULL))
        return ISO_EDATA;
    if (im->node->ny > 1 && *im->node->y[1] && iso_onnx_readers(im, im->node->y[1]) > 0)
        return iso_onnx_refuse(im, "its second result, the mask, is read");
    const float *ratio = t != NULL ? iso_onnx_floats(im, t, 1) : NULL;
    if (t != NULL && ratio == NULL)
        return ISO_EDATA;
    const struct iso_onnx_tensor *mode = iso_onnx_has(im, 2) ? iso_onnx_c(im, 2) : NULL;
    if (iso_onnx_has(im, 2) && (mode == NULL || mode->type != ISO_ONNX_BOOL || mode->data == NULL ||
                                iso_onnx_count(mode) != 1 || *(const uint8_t *)mode->data))
        return iso_onnx_refuse(im,
                               "input training_mode: drops at random; export the network for "
                               "inference");
    const double rate = ratio != NULL ? iso_onnx_decimal(*ratio)
                                      : iso_onnx_get_real(im, "ratio", 0.5);
    if (!(rate > 0 && rate < 1))
        return iso_onnx_same(im, x);
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_dropout, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    ((struct iso_dropout *)l->params)->rate = rate;
    ISO_TRY(iso_onnx_result(im, l, x->order));
    im->values[im->nvalues - 1].image = x->image;
    return ISO_OK;
}

static iso_rc same(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_value(im, im->node->nx > 0 ? im->node->x[0] : "");
    if (x == NULL)
        return ISO_EDATA;
    if (strcmp(im->node->op, "Cast") == 0 && iso_onnx_get_int(im, "to", 0) != ISO_ONNX_FLOAT)
        return iso_onnx_refuse(im, "attribute to: isocl has float32 only");
    return iso_onnx_same(im, x);
}

/* ---- All of them --------------------------------------------------------------------------- */

static iso_rc constant(struct iso_onnx_importer *im)
{
    const struct iso_onnx_attribute *a = iso_onnx_attribute(im->node, "value");
    if (a == NULL || a->kind != ISO_ONNX_TENSOR)
        return iso_onnx_refuse(im, "only a tensor, attribute value, is understood");
    const struct iso_onnx_known v = { .name = im->node->y[0], .constant = a->tensor, .layer = -1 };
    return iso_onnx_know(im, &v);
}

/* import_views.c and import_windows.c take those that isocl has layers for. */
static iso_rc of_attention(struct iso_onnx_importer *im)
{
    return iso_onnx_refuse(im, "is understood as part of an attention only");
}

#define WINDOW " auto_pad kernel_shape pads strides dilations "
const struct iso_onnx_operator iso_onnx_operators[] = {
    { "Conv", WINDOW "group ", iso_onnx_conv },
    { "ConvTranspose", WINDOW "group output_padding output_shape ", iso_onnx_conv_transpose },
    { "Gemm", " alpha beta transA transB broadcast ", gemm },
    { "MatMul", " ", matmul },
    { "Einsum", " equation ", of_attention },
    { "ReduceL2", " axes keepdims noop_with_empty_axes ", of_attention },
    { "Add", " ", add },
    { "Sum", " ", sum },
    { "Sub", " ", subtract },
    { "Div", " ", divide },
    { "Mul", " ", iso_onnx_mul },
    { "Neg", " ", iso_onnx_neg },
    { "Concat", " axis ", concat },
    { "MaxPool", WINDOW "ceil_mode storage_order ", iso_onnx_max_pool },
    { "AveragePool", WINDOW "ceil_mode count_include_pad ", iso_onnx_average_pool },
    { "GlobalAveragePool", " ", iso_onnx_global_average_pool },
    { "GlobalMaxPool", " ", iso_onnx_global_max_pool },
    { "ReduceMean", " axes keepdims noop_with_empty_axes ", iso_onnx_reduce_mean },
    { "ReduceMax", " axes keepdims noop_with_empty_axes ", iso_onnx_reduce_max },
    { "Relu", " ", iso_onnx_function },
    { "Sigmoid", " ", iso_onnx_function },
    { "Tanh", " ", iso_onnx_function },
    { "Softplus", " ", iso_onnx_function },
    { "Elu", " alpha ", iso_onnx_function },
    { "LeakyRelu", " alpha ", iso_onnx_function },
    { "HardSigmoid", " alpha beta ", iso_onnx_function },
    { "Gelu", " approximate ", iso_onnx_function },
    { "Swish", " alpha ", iso_onnx_function },
    { "Selu", " alpha gamma ", iso_onnx_function },
    { "HardSwish", " ", iso_onnx_function },
    { "Mish", " ", iso_onnx_function },
    { "Softsign", " ", iso_onnx_function },
    { "PRelu", " ", iso_onnx_prelu },
    { "Slice", " starts ends axes ", iso_onnx_slice },
    { "Split", " axis split num_outputs ", iso_onnx_split },
    { "Gather", " axis ", iso_onnx_gather },
    { "SpaceToDepth", " blocksize ", iso_onnx_space_to_depth },
    { "Clip", " min max ", iso_onnx_clip },
    { "Softmax", " axis ", iso_onnx_softmax },
    { "LogSoftmax", " axis ", iso_onnx_softmax },
    { "Dropout", " ratio seed ", dropout },
    { "Identity", " ", same },
    { "Cast", " to saturate ", same },
    { "BatchNormalization", " epsilon momentum spatial training_mode is_test ",
      iso_onnx_batch_normalization },
    { "InstanceNormalization", " epsilon ", iso_onnx_instance_normalization },
    { "GroupNormalization", " epsilon num_groups stash_type ", iso_onnx_group_normalization },
    { "LRN", " alpha beta bias size ", iso_onnx_lrn },
    { "LayerNormalization", " axis epsilon stash_type ", iso_onnx_layer_normalization },
    { "Flatten", " axis ", iso_onnx_flatten },
    { "Reshape", " shape allowzero ", iso_onnx_reshape },
    { "Shape", " start end ", iso_onnx_shape_of },
    { "Expand", " ", iso_onnx_expand },
    { "Unsqueeze", " axes ", iso_onnx_unsqueeze },
    { "Squeeze", " axes ", iso_onnx_squeeze },
    { "Transpose", " perm ", iso_onnx_transpose },
    { "Pad", " mode pads value ", iso_onnx_pad },
    { "Resize",
      " mode coordinate_transformation_mode nearest_mode antialias exclude_outside cubic_coeff_a "
      "extrapolation_value keep_aspect_ratio_policy ",
      iso_onnx_resize },
    { "Upsample", " mode ", iso_onnx_upsample },
    { "Constant", " value ", constant },
    { NULL, NULL, NULL }
};
