/* import_affine.c: sums and products with constants: parts of a layer's weights, or layers. */
#include "import_build.h"
#include "core/ops/activation.h"
#include "core/ops/depthwise_conv2d.h"
#include "core/ops/normalized_sets.h"

#include <math.h>
#include <string.h>

/* y = a x + b, with a number of each for every channel, in isocl's order. */
struct affine {
    int64_t n;
    float *a, *b;
};

static bool spreads(const struct iso_onnx_known *x, const struct iso_onnx_tensor *t)
{
    return iso_onnx_count(t) == 1 || iso_onnx_per_channel(x, t);
}

static iso_rc set_affine(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                         const struct iso_onnx_tensor *t, enum iso_onnx_scaling how,
                         struct affine *out)
{
    const int64_t n = x->shape.dim[x->shape.ndim - 1], count = iso_onnx_count(t);
    const float *from = iso_onnx_floats(im, t, count);
    out->n = n;
    out->a = from != NULL ? iso_onnx_alloc(im->m, (size_t)n, sizeof *out->a) : NULL;
    out->b = out->a != NULL ? iso_onnx_alloc(im->m, (size_t)n, sizeof *out->b) : NULL;
    if (out->b == NULL)
        return from != NULL ? ISO_ENOMEM : ISO_EDATA;
    for (int64_t i = 0; i < n; i++) {
        const float c = from[count == 1 ? 0 : i];
        const int64_t k = iso_onnx_element(x, i);
        out->a[k] = how == ISO_ONNX_MULTIPLIES ? c : how == ISO_ONNX_DIVIDES ? 1 / c : 1;
        out->b[k] = how == ISO_ONNX_ADDS ? c : how == ISO_ONNX_SUBTRACTS ? -c : 0;
        if (how == ISO_ONNX_TAKEN_FROM)
            out->a[k] = -1, out->b[k] = c;
    }
    return ISO_OK;
}

/* ---- Part of a product --------------------------------------------------------------------- */

static void use_bias(const struct iso_onnx_layer *l)
{
    for (const struct iso_field *f = iso_ops[l->op].def->fields; f->key != NULL; f++)
        if (strcmp(f->key, "use_bias") == 0)
            *(bool *)((char *)l->params + f->offset) = true;
}

/* Returns true if x is the result of a product that nothing else reads, so that its kernel and bias
 * can take what follows. */
static bool open_product(const struct iso_onnx_importer *im, const struct iso_onnx_known *x)
{
    const struct iso_onnx_layer *l = x->layer < 0 ? NULL : &im->layers[x->layer];
    return l != NULL && iso_onnx_uses(im, x) == 1 && iso_onnx_free_activation(l) != NULL &&
           (l->op == ISO_OP_dense || l->op == ISO_OP_conv2d || l->op == ISO_OP_depthwise_conv2d);
}

static iso_rc into_product(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                           const struct affine *f)
{
    struct iso_onnx_layer *l = &im->layers[x->layer];
    float *kernel = (float *)(uintptr_t)l->w[0].values;
    float *bias = (float *)(uintptr_t)l->w[1].values;
    if (bias == NULL && (bias = iso_onnx_new_weight(im, l, 1, 1, &f->n)) == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < iso_shape_count(&l->w[0].shape); i++)
        kernel[i] *= f->a[i % f->n];
    for (int64_t i = 0; i < f->n; i++)
        bias[i] = fmaf(f->a[i], bias[i], f->b[i]);
    use_bias(l);
    return iso_onnx_same(im, x);
}

/* ---- A layer of its own -------------------------------------------------------------------- */

/* A depthwise convolution of one pixel, into which products and sums that follow go. */
static iso_rc affine_layer(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                           const struct iso_onnx_tensor *t, const struct affine *f)
{
    const int64_t dim[4] = { 1, 1, f->n, 1 };
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_depthwise_conv2d, t->name, 1, &x);
    float *kernel = l != NULL ? iso_onnx_new_weight(im, l, 0, 4, dim) : NULL;
    float *bias = kernel != NULL ? iso_onnx_new_weight(im, l, 1, 1, &f->n) : NULL;
    if (bias == NULL)
        return ISO_ENOMEM;
    struct iso_depthwise_conv2d *p = l->params;
    p->kernel_size[0] = p->kernel_size[1] = 1;
    p->use_bias = true;
    memcpy(kernel, f->a, (size_t)f->n * sizeof *kernel);
    memcpy(bias, f->b, (size_t)f->n * sizeof *bias);
    l->affine = true;
    return iso_onnx_result(im, l, x->order);
}

static iso_rc scale_layer(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                          const struct iso_onnx_tensor *t, const struct affine *f)
{
    const enum iso_onnx_order order = x->order;
    const struct iso_shape image = x->image; /* x may move */
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_layer_scale, t->name, 1, &x);
    float *scale = l != NULL ? iso_onnx_new_weight(im, l, 0, 1, &f->n) : NULL;
    if (scale == NULL)
        return ISO_ENOMEM;
    memcpy(scale, f->a, (size_t)f->n * sizeof *scale);
    ISO_TRY(iso_onnx_result(im, l, order));
    im->values[im->nvalues - 1].image = image;
    return ISO_OK;
}

/* ---- hard_sigmoid in three nodes ----------------------------------------------------------- */

/* Returns true if t is this one number. */
static bool is_number(const struct iso_onnx_tensor *t, float number)
{
    return t->type == ISO_ONNX_FLOAT && t->data != NULL && iso_onnx_count(t) == 1 &&
           fabsf(*(const float *)t->data - number) <= 1e-6F * number;
}

/* Returns true if the node is the sum of relu6(x + 3) / 6, and its result read by nothing else. */
static bool begins_hard_sigmoid(const struct iso_onnx_importer *im, const struct iso_onnx_tensor *t)
{
    const struct iso_onnx_node *clip = iso_onnx_only_reader(im, im->node->y[0], "Clip");
    if (clip == NULL || clip->nx < 3 || clip->ny < 1 || !is_number(t, 3))
        return false;
    const struct iso_onnx_known *low = iso_onnx_find(im, clip->x[1]);
    const struct iso_onnx_known *high = iso_onnx_find(im, clip->x[2]);
    if (low == NULL || low->constant == NULL || !is_number(low->constant, 0) || high == NULL ||
        high->constant == NULL || !is_number(high->constant, 6))
        return false;
    const struct iso_onnx_node *by = iso_onnx_only_reader(im, clip->y[0], "Div");
    const float want = by != NULL ? 6 : 1.0F / 6;
    by = by != NULL ? by : iso_onnx_only_reader(im, clip->y[0], "Mul");
    const struct iso_onnx_known *c = by != NULL && by->nx == 2 ? iso_onnx_find(im, by->x[1]) : NULL;
    return c != NULL && c->constant != NULL && is_number(c->constant, want);
}

/* ---- All of them --------------------------------------------------------------------------- */

iso_rc iso_onnx_affine(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                       const struct iso_onnx_tensor *t, enum iso_onnx_scaling how)
{
    const bool factor = how == ISO_ONNX_MULTIPLIES || how == ISO_ONNX_DIVIDES;
    struct affine f;
    iso_rc rc;
    if (x->begun) /* the last node of a hard_sigmoid */
        return iso_onnx_hard_sigmoid(im, x);
    if (how == ISO_ONNX_ADDS && begins_hard_sigmoid(im, t)) {
        struct iso_onnx_known begun = *x;
        begun.begun = true;
        return iso_onnx_same(im, &begun);
    }
    if ((how == ISO_ONNX_MULTIPLIES && iso_onnx_takes_gamma(im, x, t, ISO_LN_GAMMA, &rc)) ||
        (how == ISO_ONNX_ADDS && iso_onnx_takes_gamma(im, x, t, ISO_LN_BETA, &rc)))
        return rc;
    if ((x->layer < 0 && how != ISO_ONNX_TAKEN_FROM) || !spreads(x, t))
        return iso_onnx_scale_input(im, x, t, how);
    ISO_TRY(set_affine(im, x, t, how, &f));
    if (open_product(im, x) && (!factor || im->layers[x->layer].affine)) {
        im->layers[x->layer].affine |= how == ISO_ONNX_SUBTRACTS;
        return into_product(im, x, &f);
    }
    if (factor)
        return scale_layer(im, x, t, &f);
    if (x->shape.ndim != 4)
        return iso_onnx_scale_input(im, x, t, how);
    return affine_layer(im, x, t, &f);
}

iso_rc iso_onnx_neg(struct iso_onnx_importer *im)
{
    static const float minus_one = -1;
    static const struct iso_onnx_tensor t = { .name = "",
                                              .type = ISO_ONNX_FLOAT,
                                              .data = &minus_one };
    const struct iso_onnx_known *x = iso_onnx_x(im, 0);
    return x != NULL ? iso_onnx_affine(im, x, &t, ISO_ONNX_MULTIPLIES) : ISO_EDATA;
}
