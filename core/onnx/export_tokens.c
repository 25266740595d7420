/* export_tokens.c: what the layers of transformers are in ONNX's operators. */
#include "export_build.h"
#include "core/ops/dot_product_attention.h"

#include <stdio.h>

/* A Reshape of x to this shape, in which 0 is what x has there. */
static const char *reshaped(struct iso_onnx_exporter *e, const char *x, const char *suffix,
                            const int64_t dim[4])
{
    char shape[64];
    snprintf(shape, sizeof shape, "%s_shape", suffix);
    const char *target = iso_onnx_numbers(e, shape, 4, dim);
    const char *name = iso_onnx_subname(e, suffix);
    struct iso_onnx_node *node = iso_onnx_add(e, "Reshape", name, name);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, target);
    return name;
}

static const char *transposed(struct iso_onnx_exporter *e, const char *x, const char *suffix,
                              const int64_t perm[4])
{
    const char *name = iso_onnx_subname(e, suffix);
    struct iso_onnx_node *node = iso_onnx_add(e, "Transpose", name, name);
    iso_onnx_input(e, node, x);
    iso_onnx_ints(e, node, "perm", 4, perm);
    return name;
}

static const char *joined(struct iso_onnx_exporter *e, const char *op, const char *a, const char *b,
                          const char *suffix)
{
    const char *name = iso_onnx_subname(e, suffix);
    struct iso_onnx_node *node = iso_onnx_add(e, op, name, name);
    iso_onnx_input(e, node, a);
    iso_onnx_input(e, node, b);
    return name;
}

/* Makes [rows, height, width, channels] [rows, heads, tokens, size], or, turned, the last two
 * exchanged. */
static const char *heads_of(struct iso_onnx_exporter *e, int value, const struct iso_attention *s,
                            int64_t tokens, const char *const suffix[2], bool turned)
{
    static const int64_t plain[4] = { 0, 2, 1, 3 }, other[4] = { 0, 2, 3, 1 };
    const int64_t dim[4] = { 0, tokens, s->heads, s->size };
    const char *x = iso_onnx_as(e, value, false);
    return transposed(e, reshaped(e, x, suffix[0], dim), suffix[1], turned ? other : plain);
}

void iso_onnx_export_dot_product_attention(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    static const char *const query[2] = { "query_heads", "query" },
                             *const key[2] = { "key_heads", "key" },
                             *const value[2] = { "value_heads", "value" };
    static const int64_t back[4] = { 0, 2, 1, 3 };
    const struct iso_shape *y = iso_onnx_shape(e, n->y[0]);
    const struct iso_attention s =
        iso_attention_of(n->params, iso_onnx_shape(e, n->x[0]), iso_onnx_shape(e, n->x[1]));
    const char *scale = iso_onnx_subname(e, "scale");
    float *number = iso_onnx_constant(e, scale, 0, NULL);
    if (number != NULL)
        *number = iso_attention_scale(&s);
    const char *q = heads_of(e, n->x[ISO_ATTENTION_QUERY], &s, s.queries, query, false);
    const char *k = heads_of(e, n->x[ISO_ATTENTION_KEY], &s, s.keys, key, true);
    const char *v = heads_of(e, n->x[ISO_ATTENTION_VALUE], &s, s.keys, value, false);
    const char *scores = joined(e, "Mul", joined(e, "MatMul", q, k, "scores"), scale, "scaled");
    const char *p = iso_onnx_subname(e, "probabilities");
    struct iso_onnx_node *softmax = iso_onnx_add(e, "Softmax", p, p);
    iso_onnx_input(e, softmax, scores);
    iso_onnx_int(e, softmax, "axis", -1);
    const char *means = transposed(e, joined(e, "MatMul", p, v, "means"), "tokens", back);
    const int64_t dim[4] = { 0, y->dim[1], y->dim[2], y->dim[3] };
    const char *target = iso_onnx_numbers(e, "shape", 4, dim);
    struct iso_onnx_node *node = iso_onnx_add_for(e, "Reshape", e->layer, n->y[0], false);
    iso_onnx_input(e, node, means);
    iso_onnx_input(e, node, target);
}

/* The token for each row: its shape begins with the first number of x's. */
static const char *token_of_rows(struct iso_onnx_exporter *e, const struct iso_node *n,
                                 const char *x)
{
    static const int64_t begin = 0, end = 1, ones[3] = { 1, 1, 1 };
    const char *shape = iso_onnx_subname(e, "x_shape"), *rows = iso_onnx_subname(e, "rows"),
               *wanted = iso_onnx_subname(e, "token_shape"), *y = iso_onnx_subname(e, "tokens");
    const char *cut[2] = { iso_onnx_numbers(e, "begin", 1, &begin),
                           iso_onnx_numbers(e, "end", 1, &end) };
    const char *rest = iso_onnx_numbers(e, "ones", 3, ones), *token = iso_onnx_weight(e, n, 0);
    iso_onnx_input(e, iso_onnx_add(e, "Shape", shape, shape), x);
    struct iso_onnx_node *node = iso_onnx_add(e, "Slice", rows, rows);
    iso_onnx_input(e, node, shape);
    iso_onnx_input(e, node, cut[0]);
    iso_onnx_input(e, node, cut[1]);
    node = iso_onnx_add(e, "Concat", wanted, wanted);
    iso_onnx_input(e, node, rows);
    iso_onnx_input(e, node, rest);
    iso_onnx_int(e, node, "axis", 0);
    node = iso_onnx_add(e, "Expand", y, y);
    iso_onnx_input(e, node, token);
    iso_onnx_input(e, node, wanted);
    return y;
}

void iso_onnx_export_class_token(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const struct iso_shape *s = iso_onnx_shape(e, n->x[0]);
    const int64_t dim[4] = { 0, 1, s->dim[1] * s->dim[2], s->dim[3] };
    const char *x = iso_onnx_as(e, n->x[0], false), *first = token_of_rows(e, n, x);
    const char *others = reshaped(e, x, "pixels", dim);
    struct iso_onnx_node *node = iso_onnx_add_for(e, "Concat", e->layer, n->y[0], false);
    iso_onnx_input(e, node, first);
    iso_onnx_input(e, node, others);
    iso_onnx_int(e, node, "axis", 2);
}

void iso_onnx_export_position_embedding(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    const char *x = iso_onnx_as(e, n->x[0], false), *w = iso_onnx_weight(e, n, 0);
    struct iso_onnx_node *node = iso_onnx_add_for(e, "Add", e->layer, n->y[0], false);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, w);
}
