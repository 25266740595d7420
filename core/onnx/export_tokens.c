/* export_tokens.c: what the layers of transformers are in ONNX's operators. */
#include "export_build.h"
#include "core/ops/unit_normalization.h"

#include <stdio.h>

const char *iso_onnx_reshaped(struct iso_onnx_exporter *e, const char *x, const char *part,
                              const char *what, int n, const int64_t *dim)
{
    char suffix[64], shape[80];
    snprintf(suffix, sizeof suffix, "%s%s%s", part, *part ? "_" : "", what);
    snprintf(shape, sizeof shape, "%s_shape", suffix);
    const char *target = iso_onnx_numbers(e, shape, n, dim);
    const char *name = iso_onnx_subname(e, suffix);
    struct iso_onnx_node *node = iso_onnx_add(e, "Reshape", name, name);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, target);
    return name;
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
    const char *others = iso_onnx_reshaped(e, x, "", "pixels", 4, dim);
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

/* x divided by the root of the sum of squares of its channels, which is not below a constant. */
void iso_onnx_export_unit_normalization(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    static const int64_t axis = -1;
    const char *x = iso_onnx_as(e, n->x[0], false), *axes = iso_onnx_numbers(e, "axes", 1, &axis);
    const char *least = iso_onnx_subname(e, "least"), *squares = iso_onnx_subname(e, "squares"),
               *sum = iso_onnx_subname(e, "sum"), *limited = iso_onnx_subname(e, "limited"),
               *length = iso_onnx_subname(e, "length");
    float *number = iso_onnx_constant(e, least, 0, NULL);
    if (number != NULL)
        *number = (float)((const struct iso_unit_normalization *)n->params)->epsilon;
    struct iso_onnx_node *node = iso_onnx_add(e, "Mul", squares, squares);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, x);
    node = iso_onnx_add(e, "ReduceSum", sum, sum);
    iso_onnx_input(e, node, squares);
    iso_onnx_input(e, node, axes);
    node = iso_onnx_add(e, "Clip", limited, limited);
    iso_onnx_input(e, node, sum);
    iso_onnx_input(e, node, least);
    iso_onnx_input(e, iso_onnx_add(e, "Sqrt", length, length), limited);
    node = iso_onnx_add_for(e, "Div", e->layer, n->y[0], false);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, length);
}
