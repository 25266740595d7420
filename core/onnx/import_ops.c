/* import_ops.c: ONNX's operators on elements, rows and shapes. */
#include "import_build.h"
#include "../ops/activation.h"
#include "../ops/batch_normalization.h"
#include "../ops/dense.h"
#include "../ops/dropout.h"
#include "../ops/layer_normalization.h"
#include "../ops/pooling2d.h"
#include "../ops/reshape.h"

#include <stdlib.h>
#include <string.h>

/* ---- Products ------------------------------------------------------------------------------ */

/* x times kernel, [in, units] or turned: [units, in]; bias may be NULL. */
static iso_rc dense(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                    const struct iso_onnx_tensor *k, bool turned, const struct iso_onnx_tensor *bias)
{
    if (x->shape.ndim != 2 || k->ndim != 2)
        return iso_onnx_refuse(im, "isocl multiplies rows with a matrix; flatten what is before it");
    const int64_t in = k->dim[turned], units = k->dim[!turned], dim[2] = { in, units };
    const float *from = iso_onnx_floats(im, k, x->shape.dim[1] * units);
    struct iso_onnx_layer *l = from ? iso_onnx_layer(im, ISO_OP_dense, k->name, 1, &x) : NULL;
    float *to = l ? iso_onnx_new_weight(im, l, 0, 2, dim) : NULL;
    if (!to)
        return from ? ISO_ENOMEM : ISO_EUNSUP;
    for (int64_t i = 0; i < in; i++)
        for (int64_t o = 0; o < units; o++)
            to[iso_onnx_place(x, i) * units + o] = from[turned ? o * in + i : i * units + o];
    struct iso_dense *p = l->params;
    p->units = units;
    p->use_bias = bias != NULL;
    const struct iso_onnx_known y = { .shape = { 2, { 1, units } } };
    if (bias)
        ISO_TRY(iso_onnx_channel_weight(im, l, 1, bias, &y));
    return iso_onnx_result(im, l, ISO_ONNX_LAST);
}

static iso_rc gemm(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_tensor *k = x ? iso_onnx_c(im, 1) : NULL, *bias = NULL;
    if (!k || (iso_onnx_has(im, 2) && !(bias = iso_onnx_c(im, 2))))
        return ISO_EUNSUP;
    if (iso_onnx_get_int(im, "transA", 0) != 0)
        return iso_onnx_refuse(im, "attribute transA: isocl's rows are those of the batch");
    if (iso_onnx_get_real(im, "alpha", 1) != 1 ||
        (bias && iso_onnx_get_real(im, "beta", 1) != 1))
        return iso_onnx_refuse(im, "attributes alpha and beta: isocl's dense has no factors, 1");
    return dense(im, x, k, iso_onnx_get_int(im, "transB", 0) != 0, bias);
}

static iso_rc matmul(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_tensor *k = x ? iso_onnx_c(im, 1) : NULL;
    return k ? dense(im, x, k, false, NULL) : ISO_EUNSUP;
}

/* ---- Sums ---------------------------------------------------------------------------------- */

/* What is added before a layer sees the image, or multiplied with it: input: scale, mean, std. */
static iso_rc scale_input(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                          const struct iso_onnx_tensor *t, bool factor)
{
    const int64_t n = iso_onnx_count(t), channels = im->input.dim[im->input.ndim - 1];
    const bool last = t->ndim == 0 || t->dim[t->ndim - 1] == n;
    const bool first = t->ndim >= 3 && t->dim[t->ndim - 3] == n;
    if (x->layer >= 0 || im->nlayers > 0 || (n != 1 && n != channels) || channels > ISO_REALS ||
        (n != 1 && !(x->order == ISO_ONNX_FIRST ? first : last)))
        return iso_onnx_refuse(im, "isocl has no layer that %s a constant; only images may be "
                               "scaled so before the first layer, and convolutions and dense "
                               "layers given a bias", factor ? "multiplies with" : "adds");
    const float *from = iso_onnx_floats(im, t, n);
    if (!from)
        return ISO_EUNSUP;
    im->nscales = im->nscales > n ? im->nscales : (int)n;
    for (int i = 0; i < ISO_REALS; i++) {
        const double value = (double)from[i < n ? i : 0];
        im->factor[i] *= factor ? value : 1;
        im->offset[i] = factor ? im->offset[i] * value : im->offset[i] + value;
    }
    return iso_onnx_same(im, x);
}

/* A constant that is added to a product is its bias. */
static iso_rc add_constant(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                           const struct iso_onnx_tensor *t)
{
    struct iso_onnx_layer *l = x->layer < 0 ? NULL : &im->layers[x->layer];
    const int64_t n = x->shape.dim[x->shape.ndim - 1];
    const int axis = x->order == ISO_ONNX_FIRST ? 3 : 1;       /* of t, from its end */
    const bool product = l && (l->op == ISO_OP_dense || l->op == ISO_OP_conv2d ||
                               l->op == ISO_OP_depthwise_conv2d);
    if (!product || l->w[1].values || !iso_onnx_free_activation(l) || t->ndim < axis ||
        t->dim[t->ndim - axis] != iso_onnx_count(t) || iso_onnx_readers(im, x->name) != 1)
        return scale_input(im, x, t, false);
    const struct iso_onnx_known y = { .shape = { 2, { 1, n } } };
    ISO_TRY(iso_onnx_channel_weight(im, l, 1, t, &y));
    for (const struct iso_field *f = iso_ops[l->op].def->fields; f->key; f++)
        if (strcmp(f->key, "use_bias") == 0)
            *(bool *)((char *)l->params + f->offset) = true;
    return iso_onnx_same(im, x);
}

/* The inputs from `from` on, at most `most`, which have one order of axes. */
static iso_rc take_inputs(const struct iso_onnx_importer *im, int from, int most,
                          const struct iso_onnx_known **x, int *n)
{
    for (*n = 0; *n < most && from + *n < im->node->nx; ++*n) {
        x[*n] = iso_onnx_x(im, from + *n);
        if (!x[*n])
            return ISO_EUNSUP;
        if (x[*n]->order != x[0]->order)
            return iso_onnx_refuse(im, "its inputs have different orders of axes: put a Transpose "
                                   "before '%.60s'", x[*n]->name);
    }
    return ISO_OK;
}

static iso_rc sum(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x[ISO_SLOTS];
    int n;
    if (im->node->nx > ISO_SLOTS || im->node->nx < 2)
        return iso_onnx_refuse(im, "has %d inputs; isocl's add has 2 to %d", im->node->nx,
                               ISO_SLOTS);
    ISO_TRY(take_inputs(im, 0, ISO_SLOTS, x, &n));
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_add, im->node->name, n, x);
    return l ? iso_onnx_result(im, l, x[0]->order) : ISO_ENOMEM;
}

static iso_rc add(struct iso_onnx_importer *im)
{
    for (int i = 0; i < 2 && im->node->nx == 2; i++) {
        const struct iso_onnx_known *c = iso_onnx_value(im, im->node->x[i]);
        const struct iso_onnx_known *x = c && c->constant ? iso_onnx_x(im, 1 - i) : NULL;
        if (!c || (c->constant && !x))
            return ISO_EUNSUP;
        if (x)
            return add_constant(im, x, c->constant);
    }
    return sum(im);
}

/* More than isocl's concatenate takes are joined one after another. */
static iso_rc concat(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x[ISO_SLOTS], *first = iso_onnx_x(im, 0);
    struct iso_onnx_known joined;
    int done = 0, n;
    if (!first)
        return ISO_EUNSUP;
    const int last = first->shape.ndim - 1, axis = (int)iso_onnx_get_int(im, "axis", 1);
    const int want = first->order == ISO_ONNX_FIRST ? 1 : last;
    if (first->order == ISO_ONNX_ROW_FIRST || (axis < 0 ? axis + last + 1 : axis) != want)
        return iso_onnx_refuse(im, "attribute axis is %d; isocl joins the channels", axis);
    if (im->node->nx == 1)
        return iso_onnx_same(im, first);
    for (; done < im->node->nx; done += n) {
        const int more = done > 0;
        x[0] = &joined;
        ISO_TRY(take_inputs(im, done, ISO_SLOTS - more, x + more, &n));
        if (x[more]->order != first->order)
            return iso_onnx_refuse(im, "its inputs have different orders of axes");
        struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_concatenate, im->node->name, n + more,
                                                  x);
        if (!l)
            return ISO_ENOMEM;
        if (done + n == im->node->nx)
            return iso_onnx_result(im, l, first->order);
        joined = (struct iso_onnx_known){ .name = "", .layer = (int)(l - im->layers),
                                          .order = first->order, .shape = x[0]->shape };
        for (int i = 1; i < n + more; i++)
            joined.shape.dim[last] += x[i]->shape.dim[last];
        l->shape = joined.shape;
    }
    return ISO_OK;
}

/* ---- Activations --------------------------------------------------------------------------- */

/* Into the layer before it, if that has none and nobody else reads its result; else a layer. With
 * readers as many as the node at hand, and those it stands for, read x. */
static iso_rc activation(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                         const struct iso_activation *p, int readers)
{
    struct iso_onnx_layer *l = x->layer < 0 ? NULL : &im->layers[x->layer];
    int *free_one = l ? iso_onnx_free_activation(l) : NULL;
    struct iso_activation usual = { 0 };
    if (iso_fields_default(iso_ops[ISO_OP_activation].def->fields, &usual) != ISO_OK)
        return ISO_ENOMEM;
    usual.function = p->function;
    const bool plain = usual.approximate == p->approximate &&
                       (float)iso_activation_parameter(&usual) == (float)iso_activation_parameter(p);
    if (free_one && plain && iso_onnx_readers(im, x->name) == readers) {
        *free_one = p->function;
        return iso_onnx_same(im, x);
    }
    l = iso_onnx_layer(im, ISO_OP_activation, im->node->name, 1, &x);
    if (!l)
        return ISO_ENOMEM;
    *(struct iso_activation *)l->params = plain ? usual : *p;
    ISO_TRY(iso_onnx_result(im, l, x->order));
    im->values[im->nvalues - 1].image = x->image;
    return ISO_OK;
}

static const struct { const char *op; int function; double alpha; } functions[] = {
    { "Relu", ISO_RELU, 0 }, { "Sigmoid", ISO_SIGMOID, 0 }, { "Tanh", ISO_TANH, 0 },
    { "Softplus", ISO_SOFTPLUS, 0 }, { "Elu", ISO_ELU, 1 }, { "LeakyRelu", ISO_LEAKY_RELU, 0.01 },
    { "HardSigmoid", ISO_HARD_SIGMOID, 0.2 }, { "Gelu", ISO_GELU, 0 },
    { "Softmax", ISO_SOFTMAX, 0 },
};

static iso_rc function(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_attribute *gelu = iso_onnx_attribute(im->node, "approximate");
    struct iso_activation p = { 0 };
    size_t i = 0;
    if (!x || iso_fields_default(iso_ops[ISO_OP_activation].def->fields, &p) != ISO_OK)
        return x ? ISO_ENOMEM : ISO_EUNSUP;
    while (strcmp(functions[i].op, im->node->op) != 0)
        i++;
    const double alpha = iso_onnx_get_real(im, "alpha", functions[i].alpha);
    p.function = functions[i].function;
    p.approximate = gelu && strcmp(gelu->text, "tanh") == 0;
    *(p.function == ISO_ELU ? &p.alpha : p.function == ISO_LEAKY_RELU ? &p.negative_slope
                                       : p.function == ISO_HARD_SIGMOID ? &p.slope
                                                                        : &(double){ 0 }) = alpha;
    if (p.function == ISO_HARD_SIGMOID && iso_onnx_get_real(im, "beta", 0.5) != 0.5)
        return iso_onnx_refuse(im, "attribute beta: isocl's hard_sigmoid has 0.5");
    return activation(im, x, &p, 1);
}

/* isocl's runs over the channels. Before version 13 all axes from `axis` on were one. */
static iso_rc softmax(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    if (!x)
        return ISO_EUNSUP;
    const int64_t last = x->shape.ndim - 1, old = im->m->opset < 13;
    int64_t axis = iso_onnx_get_int(im, "axis", old ? 1 : -1);
    axis += axis < 0 ? last + 1 : 0;
    if (axis != (x->order == ISO_ONNX_FIRST ? 1 : last) || (old && last > 1))
        return iso_onnx_refuse(im, "attribute axis is %lld%s; isocl's softmax runs over the "
                               "channels", (long long)axis, old ? " of an old operator" : "");
    return function(im);
}

/* x sigmoid(x) is swish; a product with a constant may scale the input. */
static iso_rc mul(struct iso_onnx_importer *im)
{
    for (int i = 0; i < 2 && im->node->nx == 2; i++) {
        const struct iso_onnx_known *s = iso_onnx_value(im, im->node->x[i]);
        const struct iso_onnx_known *x = s ? iso_onnx_value(im, im->node->x[1 - i]) : NULL;
        if (!x)
            return ISO_EUNSUP;
        if (s->constant && !x->constant)
            return scale_input(im, x, s->constant, true);
        const struct iso_onnx_layer *l = s->layer < 0 ? NULL : &im->layers[s->layer];
        if (x->constant || !l || l->op != ISO_OP_activation || l->x[0] != x->layer ||
            ((const struct iso_activation *)l->params)->function != ISO_SIGMOID)
            continue;
        struct iso_activation p = { 0 };
        ISO_TRY(iso_fields_default(iso_ops[ISO_OP_activation].def->fields, &p));
        p.function = ISO_SWISH;
        return activation(im, x, &p, iso_onnx_readers(im, s->name) == 1 ? 2 : 0);
    }
    return iso_onnx_refuse(im, "isocl multiplies only x with sigmoid(x), which is swish, and the "
                           "input with a constant");
}

static iso_rc dropout(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_tensor *t = NULL;
    if (!x || (iso_onnx_has(im, 1) && !(t = iso_onnx_c(im, 1))))
        return ISO_EUNSUP;
    if (im->node->ny > 1 && *im->node->y[1] && iso_onnx_readers(im, im->node->y[1]) > 0)
        return iso_onnx_refuse(im, "its second result, the mask, is read");
    const float *ratio = t ? iso_onnx_floats(im, t, 1) : NULL;
    if (t && !ratio)
        return ISO_EUNSUP;
    const double rate = ratio ? iso_onnx_decimal(*ratio) : iso_onnx_get_real(im, "ratio", 0.5);
    if (!(rate > 0 && rate < 1))
        return iso_onnx_same(im, x);
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_dropout, im->node->name, 1, &x);
    if (!l)
        return ISO_ENOMEM;
    ((struct iso_dropout *)l->params)->rate = rate;
    ISO_TRY(iso_onnx_result(im, l, x->order));
    im->values[im->nvalues - 1].image = x->image;
    return ISO_OK;
}

static iso_rc same(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_value(im, im->node->nx > 0 ? im->node->x[0] : "");
    if (!x)
        return ISO_EUNSUP;
    if (strcmp(im->node->op, "Cast") == 0 && iso_onnx_get_int(im, "to", 0) != ISO_ONNX_FLOAT)
        return iso_onnx_refuse(im, "attribute to: isocl has float32 only");
    return iso_onnx_same(im, x);
}

/* ---- Normalizations ------------------------------------------------------------------------ */

/* isocl writes ones or zeros, under such a name, where a layer has no gamma or beta. */
static bool stands_in(const struct iso_onnx_tensor *t, const char *part, float value)
{
    const char *end = strrchr(t->name, '/');
    if (!end || strcmp(end + 1, part) != 0 || t->type != ISO_ONNX_FLOAT || !t->data)
        return false;
    for (int64_t i = 0; i < iso_onnx_count(t); i++)
        if (((const float *)t->data)[i] != value)
            return false;
    return true;
}

static iso_rc batch_normalization(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_tensor *t[4] = { NULL };
    for (int i = 0; i < 4; i++)
        if (!x || !(t[i] = iso_onnx_c(im, i + 1)))
            return ISO_EUNSUP;
    if (x->shape.ndim != 2 && x->order != ISO_ONNX_FIRST)
        return iso_onnx_refuse(im, "reads what has its channels last, where the operator has them "
                               "second");
    if (iso_onnx_get_int(im, "training_mode", 0) != 0 || iso_onnx_get_int(im, "spatial", 1) != 1)
        return iso_onnx_refuse(im, "attributes training_mode and spatial: only inference, over "
                               "whole channels, is understood");
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_batch_normalization, t[0]->name, 1, &x);
    if (!l)
        return ISO_ENOMEM;
    struct iso_batch_normalization *p = l->params;
    p->epsilon = iso_onnx_get_real(im, "epsilon", 1e-5);
    p->momentum = iso_onnx_get_real(im, "momentum", 0.9);
    p->scale = !stands_in(t[0], "ones", 1);
    p->center = !stands_in(t[1], "zeros", 0);
    for (int i = 0; i < 4; i++)
        if (!(i == ISO_BN_GAMMA && !p->scale) && !(i == ISO_BN_BETA && !p->center))
            ISO_TRY(iso_onnx_channel_weight(im, l, i, t[i], x));
    ISO_TRY(iso_onnx_result(im, l, x->order));
    im->values[im->nvalues - 1].image = x->image;
    return ISO_OK;
}

static iso_rc layer_normalization(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    const struct iso_onnx_tensor *gamma = x ? iso_onnx_c(im, 1) : NULL, *beta = NULL;
    if (!gamma || (iso_onnx_has(im, 2) && !(beta = iso_onnx_c(im, 2))))
        return ISO_EUNSUP;
    const int64_t axis = iso_onnx_get_int(im, "axis", -1), last = x->shape.ndim - 1;
    if (x->order == ISO_ONNX_FIRST || (axis != -1 && axis != last))
        return iso_onnx_refuse(im, "attribute axis is %lld; isocl's runs over the channels, which "
                               "must be last", (long long)axis);
    for (int i = 1; i < im->node->ny; i++)
        if (*im->node->y[i] && iso_onnx_readers(im, im->node->y[i]) > 0)
            return iso_onnx_refuse(im, "its result %d, '%.60s', is read", i, im->node->y[i]);
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_layer_normalization, gamma->name, 1, &x);
    if (!l)
        return ISO_ENOMEM;
    struct iso_layer_normalization *p = l->params;
    p->epsilon = iso_onnx_get_real(im, "epsilon", 1e-5);
    p->scale = !stands_in(gamma, "ones", 1);
    p->center = beta != NULL;
    if (p->scale)
        ISO_TRY(iso_onnx_channel_weight(im, l, ISO_LN_GAMMA, gamma, x));
    if (beta)
        ISO_TRY(iso_onnx_channel_weight(im, l, ISO_LN_BETA, beta, x));
    ISO_TRY(iso_onnx_result(im, l, x->order));
    im->values[im->nvalues - 1].image = x->image;
    return ISO_OK;
}

/* ---- Shapes -------------------------------------------------------------------------------- */

/* Whether the pixels of an image with its channels first lie as those with them last. */
static bool orders_agree(const struct iso_shape *s)
{
    return s->dim[3] == 1 || s->dim[1] * s->dim[2] == 1;
}

/* x as a row. A global pooling before it that nothing else reads gives the row itself. */
static iso_rc to_row(struct iso_onnx_importer *im, const struct iso_onnx_known *x)
{
    struct iso_onnx_layer *l = x->layer < 0 ? NULL : &im->layers[x->layer];
    const bool pooled = l && (l->op == ISO_OP_global_average_pooling2d ||
                              l->op == ISO_OP_global_max_pooling2d);
    if (x->shape.ndim == 2)
        return iso_onnx_same(im, x);
    if (pooled && iso_onnx_readers(im, x->name) == 1) {
        ((struct iso_pooling2d *)l->params)->keepdims = false;
        return iso_onnx_result(im, l, ISO_ONNX_LAST);
    }
    l = iso_onnx_layer(im, ISO_OP_flatten, im->node->name, 1, &x);
    if (!l)
        return ISO_ENOMEM;
    const bool turned = x->order == ISO_ONNX_FIRST && !orders_agree(&x->shape);
    ISO_TRY(iso_onnx_result(im, l, turned ? ISO_ONNX_ROW_FIRST : ISO_ONNX_LAST));
    im->values[im->nvalues - 1].image = x->shape;
    return ISO_OK;
}

static iso_rc flatten(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    if (!x)
        return ISO_EUNSUP;
    const int64_t axis = iso_onnx_get_int(im, "axis", 1);
    if ((axis < 0 ? axis + x->shape.ndim : axis) != 1)
        return iso_onnx_refuse(im, "attribute axis is %lld; isocl makes a row of each example",
                               (long long)axis);
    return to_row(im, x);
}

static iso_rc squeeze(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    int64_t axes[2];
    int n = 2;
    ISO_TRY(iso_onnx_get_list(im, 1, "axes", &n, axes));
    for (int i = 0; i < n; i++)
        axes[i] += axes[i] < 0 ? 4 : 0;
    if (!x || n != 2 || axes[0] + axes[1] != 5 || axes[0] * axes[1] != 6 ||
        x->order != ISO_ONNX_FIRST || x->shape.dim[1] * x->shape.dim[2] != 1)
        return iso_onnx_refuse(im, "only the height and width of a single pixel can be left out");
    return to_row(im, x);
}

/* The order of what an image becomes whose numbers were a row: whoever reads it says. */
static enum iso_onnx_order order_of_image(const struct iso_onnx_importer *im)
{
    for (int i = 0; i < im->m->nnodes; i++) {
        const struct iso_onnx_node *n = &im->m->nodes[i];
        const struct iso_onnx_attribute *perm = iso_onnx_attribute(n, "perm");
        if (n->nx > 0 && strcmp(n->x[0], im->node->y[0]) == 0 && strcmp(n->op, "Transpose") == 0 &&
            perm && perm->n == 4 && perm->ints[1] == 3)
            return ISO_ONNX_LAST;
    }
    return ISO_ONNX_FIRST;
}

/* ONNX's shape, in which 0 is what stands there in x, as isocl's, with at most one -1. The first
 * is the number of rows, which stays. */
static iso_rc read_target(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                          struct iso_shape *out)
{
    static const int first[4] = { 0, 3, 1, 2 };
    int64_t dim[ISO_DIMS], given = 1, open = 0;
    int n = ISO_DIMS;
    ISO_TRY(iso_onnx_get_list(im, 1, "shape", &n, dim));
    if (n < 2 || iso_onnx_get_int(im, "allowzero", 0) != 0)
        return iso_onnx_refuse(im, "a shape of %d numbers; isocl reshapes each example, to 1 to 3",
                               n);
    *out = (struct iso_shape){ .ndim = n, .dim = { 1 } };
    for (int i = 1; i < n; i++) {
        if (dim[i] == 0 && i < x->shape.ndim)
            dim[i] = x->shape.dim[x->order == ISO_ONNX_FIRST ? first[i] : i];
        if (dim[i] < -1 || dim[i] == 0 || dim[i] > 1 << 24 || (dim[i] == -1 && open > 0))
            return iso_onnx_refuse(im, "a shape with %lld", (long long)dim[i]);
        open = dim[i] == -1 ? i : open;
        given *= dim[i] == -1 || given > 1 << 24 ? 1 : dim[i];
        out->dim[i] = dim[i];
    }
    const int64_t count = iso_shape_count(&x->shape);
    if (open > 0)
        out->dim[open] = count / given;
    const bool rows = dim[0] == 0 || (dim[0] == -1 && open == 0) || dim[0] == im->rows ||
                      (dim[0] == 1 && im->rows < 0);
    if (!rows || iso_shape_count(out) != count)
        return iso_onnx_refuse(im, "isocl keeps the number of rows, and the numbers of each");
    return ISO_OK;
}

static iso_rc reshape(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    struct iso_shape y;
    if (!x)
        return ISO_EUNSUP;
    ISO_TRY(read_target(im, x, &y));
    if (y.ndim == 2)
        return to_row(im, x);
    const bool image = y.ndim == 4;
    const enum iso_onnx_order order = image ? order_of_image(im) : ISO_ONNX_LAST;
    if (order == ISO_ONNX_FIRST)
        y = (struct iso_shape){ 4, { 1, y.dim[2], y.dim[3], y.dim[1] } };
    if (x->order == ISO_ONNX_FIRST && order == ISO_ONNX_FIRST && iso_shape_equal(&x->shape, &y))
        return iso_onnx_same(im, x);
    if ((x->order == ISO_ONNX_FIRST && !orders_agree(&x->shape)) ||
        x->order == ISO_ONNX_ROW_FIRST || (order == ISO_ONNX_FIRST && !orders_agree(&y)))
        return iso_onnx_refuse(im, "the numbers would lie in another order than isocl's, which has "
                               "the channels last");
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_reshape, im->node->name, 1, &x);
    if (!l)
        return ISO_ENOMEM;
    y.dim[0] = 0;
    ((struct iso_reshape *)l->params)->target = y;
    return iso_onnx_result(im, l, order);
}

static iso_rc transpose(struct iso_onnx_importer *im)
{
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    int64_t p[4] = { 0 };
    if (!x)
        return ISO_EUNSUP;
    if (x->shape.ndim == 4)
        ISO_TRY(iso_onnx_get_ints(im, "perm", 4, p));
    struct iso_onnx_known y = *x;
    y.name = im->node->y[0];
    if (p[1] == 3 && p[2] == 1 && p[3] == 2 && x->order == ISO_ONNX_LAST)
        y.order = ISO_ONNX_FIRST;
    else if (p[1] == 2 && p[2] == 3 && p[3] == 1 && x->order == ISO_ONNX_FIRST)
        y.order = ISO_ONNX_LAST;
    else
        return iso_onnx_refuse(im, "attribute perm: only the channels of an image may change their "
                               "place, from the end to the front or back");
    return iso_onnx_know(im, &y);
}

/* ---- All of them --------------------------------------------------------------------------- */

static iso_rc constant(struct iso_onnx_importer *im)
{
    const struct iso_onnx_attribute *a = iso_onnx_attribute(im->node, "value");
    if (!a || a->kind != ISO_ONNX_TENSOR)
        return iso_onnx_refuse(im, "only a tensor, attribute value, is understood");
    const struct iso_onnx_known v = { .name = im->node->y[0], .constant = a->tensor, .layer = -1 };
    return iso_onnx_know(im, &v);
}

#define WINDOW " auto_pad kernel_shape pads strides dilations "
const struct iso_onnx_operator iso_onnx_operators[] = {
    { "Conv", WINDOW "group ", iso_onnx_conv },
    { "Gemm", " alpha beta transA transB ", gemm },
    { "MatMul", " ", matmul },
    { "Add", " ", add },
    { "Sum", " ", sum },
    { "Mul", " ", mul },
    { "Concat", " axis ", concat },
    { "MaxPool", WINDOW "ceil_mode storage_order ", iso_onnx_max_pool },
    { "AveragePool", WINDOW "ceil_mode count_include_pad ", iso_onnx_average_pool },
    { "GlobalAveragePool", " ", iso_onnx_global_average_pool },
    { "GlobalMaxPool", " ", iso_onnx_global_max_pool },
    { "ReduceMean", " axes keepdims noop_with_empty_axes ", iso_onnx_reduce_mean },
    { "Relu", " ", function },
    { "Sigmoid", " ", function },
    { "Tanh", " ", function },
    { "Softplus", " ", function },
    { "Elu", " alpha ", function },
    { "LeakyRelu", " alpha ", function },
    { "HardSigmoid", " alpha beta ", function },
    { "Gelu", " approximate ", function },
    { "Softmax", " axis ", softmax },
    { "Dropout", " ratio seed ", dropout },
    { "Identity", " ", same },
    { "Cast", " to saturate ", same },
    { "BatchNormalization", " epsilon momentum spatial training_mode ", batch_normalization },
    { "LayerNormalization", " axis epsilon stash_type ", layer_normalization },
    { "Flatten", " axis ", flatten },
    { "Reshape", " shape allowzero ", reshape },
    { "Squeeze", " axes ", squeeze },
    { "Transpose", " perm ", transpose },
    { "Pad", " mode pads value ", iso_onnx_pad },
    { "Constant", " value ", constant },
    { NULL, NULL, NULL }
};
