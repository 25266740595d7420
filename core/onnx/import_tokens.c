/* import_tokens.c: the transformers that PyTorch writes. Tokens are [rows, tokens, channels] in
 * ONNX's file and the pixels of an image here. */
#include "import_build.h"
#include "core/ops/conv2d.h"
#include "core/ops/cropping2d.h"
#include "core/ops/dot_product_attention.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- Tokens --------------------------------------------------------------------------------- */

bool iso_onnx_makes_tokens(const struct iso_onnx_importer *im, const struct iso_onnx_known *x)
{
    static const int64_t turned[3] = { 0, 2, 1 };
    const struct iso_onnx_node *turn = iso_onnx_only_reader(im, im->node->y[0], "Transpose");
    const int64_t pixels = x->shape.dim[1] * x->shape.dim[2];
    int64_t dim[ISO_ONNX_DIMS];
    int n = ISO_ONNX_DIMS;
    if (x->order != ISO_ONNX_FIRST || !iso_onnx_perm_is(turn, 3, turned))
        return false;
    if (iso_onnx_get_list(im, 1, "shape", &n, dim) != ISO_OK) {
        iso_error_clear();
        return false;
    }
    return n == 3 && dim[1] == x->shape.dim[3] && (dim[2] == pixels || dim[2] == -1);
}

static int64_t tokens_of(const struct iso_onnx_known *x)
{
    return x->shape.dim[1] * x->shape.dim[2];
}

/* Returns true for tokens, and for an image of one line, which isocl writes for them. */
static bool is_tokens(const struct iso_onnx_known *x)
{
    return x->order == ISO_ONNX_TOKENS ||
           (x->order == ISO_ONNX_LAST && x->shape.ndim == 4 && x->shape.dim[1] == 1);
}

/* The axis of the tokens in ONNX's file. */
static int axis_of(const struct iso_onnx_known *x) { return x->order == ISO_ONNX_TOKENS ? 1 : 2; }

/* Returns the layer that puts a token before x: the Reshape that only made a line of an image's
 * pixels becomes it, since class_token takes images. */
static struct iso_onnx_layer *class_token(struct iso_onnx_importer *im,
                                          const struct iso_onnx_known *x, const char *name)
{
    struct iso_onnx_layer *l = x->layer < 0 ? NULL : &im->layers[x->layer];
    const struct iso_op_def *def = iso_ops[ISO_OP_class_token].def;
    const struct iso_shape *from = l == NULL     ? NULL
                                   : l->x[0] < 0 ? &im->input
                                                 : &im->layers[l->x[0]].shape;
    if (l == NULL || l->op != ISO_OP_reshape || from->ndim != 4 ||
        from->dim[3] != x->shape.dim[3] || iso_onnx_uses(im, x) != 1)
        return iso_onnx_layer(im, ISO_OP_class_token, name, 1, &x);
    void *params = iso_onnx_alloc(im->m, 1, def->params_size);
    if (params == NULL || iso_fields_default(def->fields, params) != ISO_OK)
        return NULL;
    l->op = ISO_OP_class_token;
    l->params = params;
    return l;
}

bool iso_onnx_begins_tokens(struct iso_onnx_importer *im, iso_rc *rc)
{
    const struct iso_onnx_tensor *t = im->node->nx == 2 ? iso_onnx_constant_of(im, im->node, 0)
                                                        : NULL;
    const struct iso_onnx_known *x = t != NULL ? iso_onnx_find(im, im->node->x[1]) : NULL;
    if (x == NULL || !is_tokens(x) || iso_onnx_get_int(im, "axis", 0) != axis_of(x) ||
        t->ndim != axis_of(x) + 2 || t->dim[axis_of(x)] != 1 ||
        t->dim[axis_of(x) + 1] != x->shape.dim[3] || t->dim[0] < 1 ||
        iso_onnx_count(t) != t->dim[0] * x->shape.dim[3])
        return false;
    const int64_t channels = x->shape.dim[3];
    const enum iso_onnx_order order = x->order;
    const float *from = iso_onnx_floats(im, t, iso_onnx_count(t));
    struct iso_onnx_layer *l = NULL;
    float *to = NULL;
    *rc = ISO_EDATA;
    for (int64_t i = channels; from != NULL && i < iso_onnx_count(t); i++)
        if (from[i] != from[i % channels]) {
            *rc = iso_onnx_refuse(im, "puts another token before each row");
            return true;
        }
    if (from != NULL)
        l = class_token(im, x, t->name);
    if (l != NULL)
        to = iso_onnx_new_weight(im, l, 0, 1, &channels);
    if (to == NULL) {
        *rc = from != NULL ? ISO_ENOMEM : ISO_EDATA;
        return true;
    }
    memcpy(to, from, (size_t)channels * sizeof *to);
    *rc = iso_onnx_result(im, l, order);
    return true;
}

bool iso_onnx_adds_positions(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                             const struct iso_onnx_tensor *t, iso_rc *rc)
{
    if (!is_tokens(x) || t->ndim < 2 || t->dim[t->ndim - 1] != x->shape.dim[3] ||
        t->dim[t->ndim - 2] != tokens_of(x) || iso_onnx_count(t) != tokens_of(x) * x->shape.dim[3])
        return false;
    const enum iso_onnx_order order = x->order;
    const int64_t count = iso_onnx_count(t);
    const float *from = iso_onnx_floats(im, t, count);
    struct iso_onnx_layer *l =
        from != NULL ? iso_onnx_layer(im, ISO_OP_position_embedding, t->name, 1, &x) : NULL;
    float *to = l != NULL ? iso_onnx_new_weight(im, l, 0, 3, x->shape.dim + 1) : NULL;
    *rc = from != NULL ? ISO_ENOMEM : ISO_EDATA;
    if (to == NULL)
        return true;
    memcpy(to, from, (size_t)count * sizeof *to);
    *rc = iso_onnx_result(im, l, order);
    return true;
}

/* One token of each row, as a row: what is around it is cropped. */
static iso_rc take_token(struct iso_onnx_importer *im, const struct iso_onnx_known *from,
                         int64_t at)
{
    const struct iso_onnx_known *x = from;
    const int64_t after = tokens_of(x) - at - 1;
    if (x->shape.dim[1] != 1 || at > 4096 || after > 4096)
        return iso_onnx_refuse(im, "takes one of more tokens than isocl crops");
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_cropping2d, "", 1, &x);
    if (l == NULL)
        return ISO_ENOMEM;
    const int64_t sides[4] = { 0, 0, at, after };
    memcpy(((struct iso_cropping2d *)l->params)->cropping, sides, sizeof sides);
    l->shape = x->shape;
    l->shape.dim[2] = 1;
    const struct iso_onnx_known one = {
        .name = "", .layer = (int)(l - im->layers), .order = ISO_ONNX_LAST, .shape = l->shape
    };
    x = &one;
    l = iso_onnx_layer(im, ISO_OP_flatten, im->node->name, 1, &x);
    return l != NULL ? iso_onnx_result(im, l, ISO_ONNX_LAST) : ISO_ENOMEM;
}

bool iso_onnx_takes_token(struct iso_onnx_importer *im, const struct iso_onnx_known *x,
                          const struct iso_onnx_tensor *t, iso_rc *rc)
{
    if (x->order != ISO_ONNX_TOKENS || iso_onnx_get_int(im, "axis", 0) != 1 || t->ndim != 0 ||
        t->type != ISO_ONNX_INT64 || t->data == NULL)
        return false;
    int64_t at = *(const int64_t *)t->data;
    at += at < 0 ? tokens_of(x) : 0;
    *rc = at >= 0 && at < tokens_of(x) ? take_token(im, x, at)
                                       : iso_onnx_refuse(im, "takes a token that is not there");
    return true;
}

/* ---- PyTorch's MultiheadAttention ----------------------------------------------------------- */

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

/* Returns the index that a Gather takes, or -1. */
static int64_t index_of(const struct iso_onnx_importer *im, const struct iso_onnx_node *gather)
{
    const struct iso_onnx_tensor *t = iso_onnx_constant_of(im, gather, 1);
    return t != NULL && t->type == ISO_ONNX_INT64 && iso_onnx_count(t) == 1
               ? *(const int64_t *)t->data
               : -1;
}

/* Returns the size of a head, or 0 if it is not known or the scores are scaled otherwise. */
static int64_t head_size(const struct iso_onnx_importer *im, const struct attention *a)
{
    const struct iso_onnx_tensor *t = iso_onnx_constant_of(im, a->split[0], 1);
    const int64_t n = t != NULL && t->type == ISO_ONNX_INT64 ? iso_onnx_count(t) : 0;
    const int64_t size = n > 1 ? ((const int64_t *)t->data)[n - 1] : 0;
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
    const int64_t size = head_size(im, a);
    if (in_bias == NULL)
        in_bias = iso_onnx_constant_of(im, a->bias, 1);
    n->channels = x->shape.dim[3];
    if (size < 1 || n->channels % size != 0 || in == NULL || in_bias == NULL || out == NULL ||
        (out_bias == NULL && a->out->nx > 2) || turned == NULL || turned->i != 1 ||
        index_of(im, a->from[0]) != 0 || index_of(im, a->from[1]) != 1 ||
        index_of(im, a->from[2]) != 2)
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

/* ---- Attention without projections ---------------------------------------------------------- */

/* The nodes of (softmax of q k scale) v, and what makes the heads of q, k and v. */
enum {
    Q_SPLIT,
    Q_TURN,
    K_SPLIT,
    K_TURN,
    V_SPLIT,
    V_TURN,
    SCORES,
    SCALE,
    CHANCES,
    MEANS,
    BACK,
    MEANS_NODES
};
static bool find_means(const struct iso_onnx_importer *im, const struct iso_onnx_node *end,
                       const struct iso_onnx_node *at[MEANS_NODES])
{
    static const int64_t plain[4] = { 0, 2, 1, 3 }, turned[4] = { 0, 2, 3, 1 };
    if (strcmp(end->op, "Reshape") != 0)
        return false;
    at[BACK] = iso_onnx_before(im, end, 0, "Transpose");
    at[MEANS] = iso_onnx_before(im, at[BACK], 0, "MatMul");
    at[CHANCES] = iso_onnx_before(im, at[MEANS], 0, "Softmax");
    at[SCALE] = iso_onnx_before(im, at[CHANCES], 0, "Mul");
    at[SCORES] = iso_onnx_before(im, at[SCALE], 0, "MatMul");
    at[Q_TURN] = iso_onnx_before(im, at[SCORES], 0, "Transpose");
    at[K_TURN] = iso_onnx_before(im, at[SCORES], 1, "Transpose");
    at[V_TURN] = iso_onnx_before(im, at[MEANS], 1, "Transpose");
    for (int i = Q_SPLIT; i <= V_SPLIT; i += 2) {
        at[i] = iso_onnx_before(im, at[i + 1], 0, "Reshape");
        if (at[i] == NULL || at[i]->nx != 2 ||
            !iso_onnx_perm_is(at[i + 1], 4, i == K_SPLIT ? turned : plain))
            return false;
    }
    return iso_onnx_perm_is(at[BACK], 4, plain);
}

bool iso_onnx_mark_means(struct iso_onnx_importer *im, const struct iso_onnx_node *end)
{
    const struct iso_onnx_node *at[MEANS_NODES];
    if (!find_means(im, end, at))
        return false;
    for (int i = 0; i < MEANS_NODES; i++)
        iso_onnx_pass_over(im, at[i]);
    return true;
}

/* Returns the heads of `channels` channels, or 0 if the constants say something else. */
static int64_t heads_of(const struct iso_onnx_importer *im,
                        const struct iso_onnx_node *const at[MEANS_NODES], int64_t channels)
{
    double scale;
    int64_t heads = 0;
    for (int i = Q_SPLIT; i <= V_SPLIT; i += 2) {
        const struct iso_onnx_tensor *t = iso_onnx_constant_of(im, at[i], 1);
        if (t == NULL || t->type != ISO_ONNX_INT64 || iso_onnx_count(t) != 4)
            return 0;
        const int64_t *dim = t->data;
        heads = i == Q_SPLIT ? dim[2] : heads;
        if (dim[2] != heads || heads < 1 || dim[3] * heads != channels)
            return 0;
    }
    if (!iso_onnx_number_of(im, at[SCALE], &scale))
        return 0;
    return fabs(scale * sqrt((double)(channels / heads)) - 1) < 1e-5 ? heads : 0;
}

iso_rc iso_onnx_take_means(struct iso_onnx_importer *im)
{
    const struct iso_onnx_node *at[MEANS_NODES];
    const struct iso_onnx_known *x[3];
    if (!find_means(im, im->node, at))
        return iso_onnx_refuse(im, "ends an attention that is not understood");
    for (int i = 0; i < 3; i++) {
        x[i] = iso_onnx_value(im, at[2 * i]->x[0]);
        if (x[i] == NULL)
            return ISO_EDATA;
        if (x[i]->constant != NULL || x[i]->shape.ndim != 4 || x[i]->order != x[0]->order ||
            (x[i]->order != ISO_ONNX_LAST && x[i]->order != ISO_ONNX_TOKENS))
            return iso_onnx_refuse(im, "ends an attention of what are no tokens");
    }
    const int64_t heads = heads_of(im, at, x[0]->shape.dim[3]);
    if (heads == 0)
        return iso_onnx_refuse(im, "ends an attention whose heads or scale isocl does not see");
    struct iso_onnx_layer *l =
        iso_onnx_layer(im, ISO_OP_dot_product_attention, im->node->name, 3, x);
    if (l == NULL)
        return ISO_ENOMEM;
    ((struct iso_dot_product_attention *)l->params)->heads = heads;
    return iso_onnx_result(im, l, x[0]->order);
}
