/* import_attention.c: PyTorch's MultiheadAttention as its exporters write it: three projections in
 * one, the attention of each head, and a last projection. */
#include "import_build.h"
#include "core/ops/conv2d.h"
#include "core/ops/dot_product_attention.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The nodes at the joints of the network. turn, product, bias: the three projections in one;
 * from[i]: the Gather that parts query, key or value from it; scores, softmax, means; out: the last
 * projection. */
struct attention {
    const struct iso_onnx_node *turn, *product, *bias, *from[3], *split[3];
    const struct iso_onnx_node *scores, *softmax, *means, *out;
    const struct iso_onnx_node *scale[2]; /* for query and key; NULL: none */
};

static bool is_op(const struct iso_onnx_node *node, const char *list)
{
    char word[80];
    snprintf(word, sizeof word, " %.70s ", node->op);
    return strstr(list, word) != NULL;
}

/* Walks back from an input of a node to the Gather that gives it. *split: the Reshape next to it,
 * which makes the heads; *scale: the Mul on the way. visit, if given, is told every node. */
typedef void visitor(struct iso_onnx_importer *, const struct iso_onnx_node *);
static const struct iso_onnx_node *walk(struct iso_onnx_importer *im,
                                        const struct iso_onnx_node *node, int input,
                                        struct attention *a, int which, visitor *visit)
{
    enum { MOST = 12 };
    const char *value = input < node->nx ? node->x[input] : NULL;
    for (int i = 0; i < MOST && value != NULL; i++) {
        const struct iso_onnx_node *at = iso_onnx_giver(im, value, NULL);
        if (at == NULL || !is_op(at, " Mul Reshape Transpose Gather ") || at->nx < 1)
            return NULL;
        if (visit != NULL)
            visit(im, at);
        if (strcmp(at->op, "Gather") == 0)
            return at;
        if (strcmp(at->op, "Reshape") == 0)
            a->split[which] = at;
        if (strcmp(at->op, "Mul") == 0 && which < 2)
            a->scale[which] = at;
        value = at->x[0];
    }
    return NULL;
}

/* From the one Squeeze that all three come from back to x. */
static bool find_projections(struct iso_onnx_importer *im, struct attention *a, visitor *visit)
{
    static const char *const ops[] = { "Squeeze", "Transpose", "Unsqueeze", "Reshape" };
    static const int64_t turned[3] = { 1, 0, 2 };
    const struct iso_onnx_node *at = a->from[0];
    for (int i = 0; i < 4 && at != NULL; i++) {
        at = iso_onnx_before(im, at, 0, ops[i]);
        if (at != NULL && visit != NULL)
            visit(im, at);
    }
    a->bias = iso_onnx_before(im, at, 0, "Add");
    for (int i = 0; i < 2 && a->product == NULL; i++)
        a->product = iso_onnx_before(im, a->bias, i, "MatMul");
    a->turn = iso_onnx_before(im, a->product, 0, "Transpose");
    if (!iso_onnx_perm_is(a->turn, 3, turned) || a->turn->nx < 1)
        return false;
    if (visit != NULL) {
        visit(im, a->bias);
        visit(im, a->product);
        visit(im, a->turn);
    }
    return true;
}

/* Finds the network that ends in `end`. */
static bool find_attention(struct iso_onnx_importer *im, const struct iso_onnx_node *end,
                           struct attention *a, visitor *visit)
{
    static const int64_t turned[3] = { 1, 0, 2 }, joined[4] = { 2, 0, 1, 3 };
    *a = (struct attention){ .turn = NULL };
    if (strcmp(end->op, "Transpose") != 0 || !iso_onnx_perm_is(end, 3, turned))
        return false;
    const struct iso_onnx_node *last = iso_onnx_before(im, end, 0, "Reshape");
    a->out = iso_onnx_before(im, last, 0, "Gemm");
    const struct iso_onnx_node *join = iso_onnx_before(im, a->out, 0, "Reshape");
    const struct iso_onnx_node *turn = iso_onnx_before(im, join, 0, "Transpose");
    a->means = iso_onnx_before(im, turn, 0, "MatMul");
    a->softmax = iso_onnx_before(im, a->means, 0, "Softmax");
    a->scores = iso_onnx_before(im, a->softmax, 0, "MatMul");
    if (a->scores == NULL || !iso_onnx_perm_is(turn, 4, joined))
        return false;
    const struct iso_onnx_node *inside[] = { last,     a->out,     join,     turn,
                                             a->means, a->softmax, a->scores };
    for (int i = 0; visit != NULL && i < 7; i++)
        visit(im, inside[i]);
    a->from[0] = walk(im, a->scores, 0, a, 0, visit);
    a->from[1] = walk(im, a->scores, 1, a, 1, visit);
    a->from[2] = walk(im, a->means, 1, a, 2, visit);
    for (int i = 0; i < 3; i++)
        if (a->from[i] == NULL || strcmp(a->from[i]->x[0], a->from[0]->x[0]) != 0)
            return false;
    return find_projections(im, a, visit);
}

bool iso_onnx_mark_attention(struct iso_onnx_importer *im, const struct iso_onnx_node *end)
{
    struct attention a;
    if (!find_attention(im, end, &a, NULL))
        return false;
    return find_attention(im, end, &a, iso_onnx_pass_over);
}

/* A dense layer on tokens: weight [i, o] is from[i in + o out]; bias NULL: none. */
struct projection {
    const char *name;
    const float *from, *bias;
    int64_t in, out, channels;
};
static struct iso_onnx_layer *project(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                                      const struct projection *p)
{
    const int64_t dim[4] = { 1, 1, p->channels, p->channels };
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_conv2d, p->name, 1, &x);
    if (l == NULL)
        return NULL;
    struct iso_conv2d *params = l->params;
    params->kernel_size[0] = params->kernel_size[1] = 1;
    params->filters = p->channels;
    params->use_bias = p->bias != NULL;
    l->shape = x->shape;
    float *kernel = iso_onnx_new_weight(im, l, 0, 4, dim);
    if (kernel == NULL)
        return NULL;
    for (int64_t i = 0; i < p->channels; i++)
        for (int64_t o = 0; o < p->channels; o++)
            kernel[i * p->channels + o] = p->from[i * p->in + o * p->out];
    if (p->bias == NULL)
        return l;
    float *bias = iso_onnx_new_weight(im, l, 1, 1, &p->channels);
    if (bias != NULL)
        memcpy(bias, p->bias, (size_t)p->channels * sizeof *bias);
    return bias != NULL ? l : NULL;
}

/* Returns a node's second input if that is one whole number, or -1. */
static int64_t number_of(const struct iso_onnx_importer *im, const struct iso_onnx_node *node)
{
    const struct iso_onnx_tensor *t = iso_onnx_constant_of(im, node, 1);
    return t != NULL && t->type == ISO_ONNX_INT64 && iso_onnx_count(t) == 1
               ? *(const int64_t *)t->data
               : -1;
}

/* Returns the size of a head where the file computes it, since it is for any number of rows: the
 * tokens' channels, by their Shape, divided by a constant. 0 if it computes something else. */
static int64_t computed_size(const struct iso_onnx_importer *im, const struct attention *a,
                             int64_t channels)
{
    const struct iso_onnx_node *shape = iso_onnx_before(im, a->split[0], 1, "Concat");
    const struct iso_onnx_node *at =
        shape != NULL ? iso_onnx_before(im, shape, shape->nx - 1, "Unsqueeze") : NULL;
    do
        at = iso_onnx_before(im, at, 0, NULL);
    while (at != NULL && strcmp(at->op, "Cast") == 0);
    const struct iso_onnx_node *gather = iso_onnx_before(im, at, 0, "Gather");
    const struct iso_onnx_node *of = iso_onnx_before(im, gather, 0, "Shape");
    if (of == NULL || strcmp(at->op, "Div") != 0 || number_of(im, gather) != 2 || of->nx < 1 ||
        strcmp(of->x[0], a->turn->y[0]) != 0)
        return 0;
    const int64_t heads = number_of(im, at);
    return heads > 0 ? channels / heads : 0;
}

/* Returns the size of a head, or 0 if it is not known or the scores are scaled otherwise. */
static int64_t head_size(const struct iso_onnx_importer *im, const struct attention *a,
                         int64_t channels)
{
    const struct iso_onnx_tensor *t = iso_onnx_constant_of(im, a->split[0], 1);
    const int64_t n = t != NULL && t->type == ISO_ONNX_INT64 ? iso_onnx_count(t) : 0;
    const int64_t size = t == NULL ? computed_size(im, a, channels)
                         : n > 1   ? ((const int64_t *)t->data)[n - 1]
                                   : 0;
    double scale = size > 0 ? sqrt((double)size) : 0, factor;
    for (int i = 0; i < 2; i++) {
        if (a->scale[i] == NULL)
            return 0;
        if (iso_onnx_number_of(im, a->scale[i], &factor))
            scale *= factor;
        else if (iso_onnx_before(im, a->scale[i], 1, "Sqrt") != NULL)
            scale /= sqrt(sqrt((double)size)); /* the root of 1 / sqrt(size), computed */
        else
            return 0;
    }
    return fabs(scale - 1) < 1e-5 ? size : 0;
}

/* The constants of the network. */
struct numbers {
    int64_t channels, heads;
    const float *in, *in_bias, *out, *out_bias; /* out_bias NULL: none */
};
static iso_rc read_numbers(const struct iso_onnx_importer *im, const struct attention *a,
                           const struct iso_onnx_known *x, struct numbers *n)
{
    const struct iso_onnx_tensor *in = iso_onnx_constant_of(im, a->product, 1),
                                 *out = iso_onnx_constant_of(im, a->out, 1),
                                 *out_bias = iso_onnx_constant_of(im, a->out, 2);
    const struct iso_onnx_tensor *in_bias = iso_onnx_constant_of(im, a->bias, 0);
    const struct iso_onnx_attribute *turned = iso_onnx_attribute(a->out, "transB");
    if (in_bias == NULL)
        in_bias = iso_onnx_constant_of(im, a->bias, 1);
    n->channels = x->shape.dim[3];
    const int64_t size = head_size(im, a, n->channels);
    if (size < 1 || n->channels % size != 0 || in == NULL || in_bias == NULL || out == NULL ||
        (out_bias == NULL && a->out->nx > 2) || turned == NULL || turned->i != 1 ||
        number_of(im, a->from[0]) != 0 || number_of(im, a->from[1]) != 1 ||
        number_of(im, a->from[2]) != 2)
        return iso_onnx_refuse(im,
                               "ends an attention whose numbers isocl does not see, or that is "
                               "scaled in another way; export the network for a fixed batch, or "
                               "with PyTorch's default exporter");
    n->heads = n->channels / size;
    n->in = iso_onnx_floats(im, in, 3 * n->channels * n->channels);
    n->in_bias = n->in != NULL ? iso_onnx_floats(im, in_bias, 3 * n->channels) : NULL;
    n->out = n->in_bias != NULL ? iso_onnx_floats(im, out, n->channels * n->channels) : NULL;
    if (n->out == NULL || out_bias == NULL)
        return n->out != NULL ? ISO_OK : ISO_EDATA;
    n->out_bias = iso_onnx_floats(im, out_bias, n->channels);
    return n->out_bias != NULL ? ISO_OK : ISO_EDATA;
}

iso_rc iso_onnx_take_attention(struct iso_onnx_importer *im)
{
    static const char *const names[] = { "query", "key", "value" };
    struct attention a;
    struct numbers n = { .heads = 1 };
    if (!find_attention(im, im->node, &a, NULL))
        return iso_onnx_refuse(im, "ends an attention that is not understood");
    const struct iso_onnx_known *from = iso_onnx_value(im, a.turn->x[0]);
    if (from == NULL)
        return ISO_EDATA;
    if (from->order != ISO_ONNX_TOKENS)
        return iso_onnx_refuse(im, "ends an attention of what are no tokens");
    ISO_TRY(read_numbers(im, &a, from, &n));
    const struct iso_onnx_known x = *from;
    struct iso_onnx_known parts[3], mean = x;
    const struct iso_onnx_known *inputs[3] = { &parts[0], &parts[1], &parts[2] };
    for (int i = 0; i < 3; i++) {
        const struct projection p = {
            names[i],  n.in + i * n.channels, n.in_bias + i * n.channels, 3 * n.channels, 1,
            n.channels
        };
        struct iso_onnx_layer *l = project(im, &x, &p);
        if (l == NULL)
            return ISO_ENOMEM;
        parts[i] = x;
        parts[i].layer = (int)(l - im->layers);
    }
    struct iso_onnx_layer *l =
        iso_onnx_layer(im, ISO_OP_dot_product_attention, "attention", 3, inputs);
    if (l == NULL)
        return ISO_ENOMEM;
    ((struct iso_dot_product_attention *)l->params)->heads = n.heads;
    l->shape = x.shape;
    mean.layer = (int)(l - im->layers);
    const struct projection last = { a.out->x[1], n.out, n.out_bias, 1, n.channels, n.channels };
    l = project(im, &mean, &last);
    return l != NULL ? iso_onnx_result(im, l, ISO_ONNX_TOKENS) : ISO_ENOMEM;
}
