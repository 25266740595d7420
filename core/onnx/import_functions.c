/* import_functions.c: ONNX's operators on single elements, softmax, and products with x itself. */
#include "import_build.h"
#include "core/ops/activation.h"

#include <float.h>
#include <string.h>

/* ---- Activations --------------------------------------------------------------------------- */

/* Into the layer before it, if that has none and nobody else reads its result; else a layer. With
 * readers as many as the node at hand, and those it stands for, read x. */
static iso_rc activation(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                         const struct iso_activation *p, int readers)
{
    struct iso_onnx_layer *l = x->layer < 0 ? NULL : &im->layers[x->layer];
    int *free_one = l != NULL ? iso_onnx_free_activation(l) : NULL;
    struct iso_activation usual = { 0 };
    if (iso_fields_default(iso_ops[ISO_OP_activation].def->fields, &usual) != ISO_OK)
        return ISO_ENOMEM;
    usual.function = p->function;
    const double parameter = iso_activation_parameter(p), other = iso_activation_parameter(&usual);
    const bool plain = usual.approximate == p->approximate && (float)parameter == (float)other;
    if (free_one != NULL && plain && iso_onnx_uses(im, x) == readers) {
        *free_one = p->function;
        return iso_onnx_same(im, x);
    }
    l = iso_onnx_layer(im, ISO_OP_activation, im->node->name, 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    *(struct iso_activation *)l->params = plain ? usual : *p;
    ISO_TRY(iso_onnx_result(im, l, x->order));
    im->values[im->nvalues - 1].image = x->image;
    return ISO_OK;
}

#define SELU_ALPHA 1.67326319217681884765625
#define SELU_GAMMA 1.05070102214813232421875
static const struct {
    const char *op;
    int function;
    double alpha;
} functions[] = {
    { "Relu", ISO_RELU, 0 },
    { "Sigmoid", ISO_SIGMOID, 0 },
    { "Tanh", ISO_TANH, 0 },
    { "Softplus", ISO_SOFTPLUS, 0 },
    { "Elu", ISO_ELU, 1 },
    { "LeakyRelu", ISO_LEAKY_RELU, 0.01 },
    { "HardSigmoid", ISO_HARD_SIGMOID, 0.2 },
    { "Gelu", ISO_GELU, 0 },
    { "Softmax", ISO_SOFTMAX, 0 },
    { "LogSoftmax", ISO_LOG_SOFTMAX, 0 },
    { "Selu", ISO_SELU, SELU_ALPHA },
    { "HardSwish", ISO_HARD_SILU, 0 },
    { "Mish", ISO_MISH, 0 },
    { "Softsign", ISO_SOFTSIGN, 0 },
    { "Swish", ISO_SWISH, 1 },
};

iso_rc iso_onnx_function(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_attribute *gelu = iso_onnx_attribute(im->node, "approximate");
    struct iso_activation p = { 0 };
    size_t i = 0;
    if (x == NULL || iso_fields_default(iso_ops[ISO_OP_activation].def->fields, &p) != ISO_OK)
        return x != NULL ? ISO_ENOMEM : ISO_EDATA;
    while (strcmp(functions[i].op, im->node->op) != 0)
        i++;
    const double alpha = iso_onnx_get_real(im, "alpha", functions[i].alpha);
    p.function = functions[i].function;
    p.approximate = gelu != NULL && strcmp(gelu->text, "tanh") == 0;
    *(p.function == ISO_ELU            ? &p.alpha
      : p.function == ISO_LEAKY_RELU   ? &p.negative_slope
      : p.function == ISO_HARD_SIGMOID ? &p.slope
                                       : &(double){ 0 }) = alpha;
    if (p.function == ISO_SWISH && alpha != 1)
        return iso_onnx_refuse(im, "attribute alpha: isocl's swish has 1");
    if (p.function == ISO_SELU &&
        (alpha != SELU_ALPHA || iso_onnx_get_real(im, "gamma", SELU_GAMMA) != SELU_GAMMA))
        return iso_onnx_refuse(im, "attributes alpha and gamma: isocl's selu has its authors'");
    if (p.function == ISO_HARD_SIGMOID && iso_onnx_get_real(im, "beta", 0.5) != 0.5)
        return iso_onnx_refuse(im, "attribute beta: isocl's hard_sigmoid has 0.5");
    return activation(im, x, &p, 1);
}

/* isocl's runs over the channels. Before version 13 all axes from `axis` on were one. */
iso_rc iso_onnx_softmax(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    if (x == NULL)
        return ISO_EDATA;
    const struct iso_shape *s = &x->shape;
    const int64_t last = s->ndim - 1, old = im->m->opset < 13;
    const bool pixel = s->ndim == 4 && s->dim[1] * s->dim[2] == 1;
    int64_t axis = iso_onnx_get_int(im, "axis", old ? 1 : -1);
    axis += axis < 0 ? last + 1 : 0;
    if (axis != (x->order == ISO_ONNX_FIRST ? 1 : last) || (old && last > 1 && !pixel))
        return iso_onnx_refuse(im,
                               "attribute axis is %lld%s; isocl's softmax runs over the "
                               "channels",
                               (long long)axis, old ? " of an old operator" : "");
    return iso_onnx_function(im);
}

iso_rc iso_onnx_hard_sigmoid(struct iso_onnx_importer *im, const struct iso_onnx_known *x)
{
    struct iso_onnx_known whole = *x;
    struct iso_activation p = { 0 };
    ISO_TRY(iso_fields_default(iso_ops[ISO_OP_activation].def->fields, &p));
    whole.begun = false;
    p.function = ISO_HARD_SIGMOID;
    p.slope = 1.0 / 6;
    return activation(im, &whole, &p, 1);
}

/* ---- Limits -------------------------------------------------------------------------------- */

/* A limit of Clip: an input, or an attribute before version 11. */
static iso_rc limit(const struct iso_onnx_importer *im, int input, const char *name, double *value)
{
    *value = iso_onnx_get_real(im, name, *value);
    if (!iso_onnx_has(im, input))
        return ISO_OK;
    const struct iso_onnx_tensor *t = iso_onnx_c(im, input);
    const float *number = t != NULL ? iso_onnx_floats(im, t, 1) : NULL;
    if (number == NULL)
        return ISO_EDATA;
    *value = iso_onnx_decimal(*number);
    return ISO_OK;
}

iso_rc iso_onnx_clip(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    struct iso_activation p = { 0 };
    double low = -DBL_MAX, high = DBL_MAX;
    if (x != NULL && x->begun)
        return iso_onnx_same(im, x);
    if (x == NULL || limit(im, 1, "min", &low) != ISO_OK || limit(im, 2, "max", &high) != ISO_OK)
        return ISO_EDATA;
    ISO_TRY(iso_fields_default(iso_ops[ISO_OP_activation].def->fields, &p));
    const bool whole = high >= (double)FLT_MAX;
    if (low == -1 && high == 1)
        p.function = ISO_HARD_TANH;
    else if (low == 0 && (whole || (high > 0 && high <= 1e6)))
        p.function = high == 6 ? ISO_RELU6 : ISO_RELU;
    else
        return iso_onnx_refuse(im,
                               "limits %g and %g: isocl has relu with a max_value, from 0, and "
                               "hard_tanh, from -1 to 1",
                               low, high);
    if (p.function == ISO_RELU && !whole)
        p.max_value = high;
    return activation(im, x, &p, 1);
}

/* ---- Products ------------------------------------------------------------------------------ */

static const struct iso_activation *activation_of(const struct iso_onnx_importer *im, int layer)
{
    const struct iso_onnx_layer *l = layer < 0 ? NULL : &im->layers[layer];
    return l != NULL && l->op == ISO_OP_activation ? l->params : NULL;
}

/* The function whose value is x by that of layer `gate`; ISO_LINEAR: none. */
static int gated(const struct iso_onnx_importer *im, int gate, int x)
{
    const struct iso_activation *p = activation_of(im, gate);
    if (p == NULL)
        return ISO_LINEAR;
    const int from = im->layers[gate].x[0];
    const struct iso_activation *inner = activation_of(im, from);
    if (p->function == ISO_TANH && inner != NULL && inner->function == ISO_SOFTPLUS &&
        im->layers[from].x[0] == x)
        return ISO_MISH;
    return from != x                                                           ? ISO_LINEAR
           : p->function == ISO_SIGMOID                                        ? ISO_SWISH
           : p->function == ISO_HARD_SIGMOID && (float)p->slope == 1.0f / 6.0f ? ISO_HARD_SILU
                                                                               : ISO_LINEAR;
}

static iso_rc multiply(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x[2];
    int n;
    ISO_TRY(iso_onnx_take_inputs(im, 0, 2, x, &n));
    if (n != 2 || im->node->nx != 2)
        return iso_onnx_refuse(im, "has %d inputs, not 2", im->node->nx);
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_multiply, im->node->name, 2, x);
    const int larger = iso_shape_count(&x[1]->shape) > iso_shape_count(&x[0]->shape);
    if (l == NULL)
        return ISO_ENOMEM;
    ISO_TRY(iso_onnx_result(im, l, x[0]->order));
    im->values[im->nvalues - 1].image = x[larger]->image;
    return ISO_OK;
}

/* x sigmoid(x) is swish, and the like; a product with a constant may scale the input. */
iso_rc iso_onnx_mul(struct iso_onnx_importer *im)
{
    for (int i = 0; i < 2 && im->node->nx == 2; i++) {
        const struct iso_onnx_known *s = iso_onnx_value(im, im->node->x[i]);
        const struct iso_onnx_known *x = s != NULL ? iso_onnx_value(im, im->node->x[1 - i]) : NULL;
        struct iso_activation p = { 0 };
        if (x == NULL)
            return ISO_EDATA;
        if (s->constant != NULL && x->constant == NULL)
            return iso_onnx_affine(im, x, s->constant, ISO_ONNX_MULTIPLIES);
        if (x->constant != NULL || s->constant != NULL)
            continue;
        ISO_TRY(iso_fields_default(iso_ops[ISO_OP_activation].def->fields, &p));
        p.function = gated(im, s->layer, x->layer);
        const bool whole = p.function != ISO_MISH && iso_onnx_uses(im, s) == 1;
        if (p.function != ISO_LINEAR)
            return activation(im, x, &p, whole ? 2 : 0);
    }
    return multiply(im);
}
