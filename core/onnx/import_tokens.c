/* import_tokens.c: how transformers make tokens of an image, add to them and take one. Tokens are
 * [rows, tokens, channels] in ONNX's file and the pixels of an image here. */
#include "import_build.h"
#include "core/ops/cropping2d.h"

#include <string.h>

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
