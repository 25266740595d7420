/* export_attention.c: attention in ONNX's operators: among all tokens, and among those of windows.
 */
#include "export_build.h"
#include "core/ops/dot_product_attention.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Nodes --------------------------------------------------------------------------------- */

static const char *named(struct iso_onnx_exporter *e, const char *part, const char *what)
{
    char suffix[64];
    snprintf(suffix, sizeof suffix, "%s_%s", part, what);
    return iso_onnx_subname(e, suffix);
}

static const char *transposed(struct iso_onnx_exporter *e, const char *x, const char *name, int n,
                              const int64_t *perm)
{
    struct iso_onnx_node *node = iso_onnx_add(e, "Transpose", name, name);
    iso_onnx_input(e, node, x);
    iso_onnx_ints(e, node, "perm", n, perm);
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

/* x from line or column `start` on (axis 1 or 2), then what is before it. */
static const char *rolled(struct iso_onnx_exporter *e, const char *x, const char *part, int axis,
                          int64_t start)
{
    static const char *const halves[2][2] = { { "lower", "upper" }, { "right", "left" } };
    static const char *const ends[3] = { "starts", "ends", "axes" };
    const char *half[2], *name = named(e, part, axis == 1 ? "lines" : "columns");
    for (int i = 0; i < 2; i++) {
        const int64_t cut[3] = { i == 0 ? start : 0, i == 0 ? INT32_MAX : start, axis };
        const char *inputs[3];
        char word[64];
        half[i] = named(e, part, halves[axis - 1][i]);
        for (int k = 0; k < 3; k++) {
            snprintf(word, sizeof word, "%s_%s_%s", part, halves[axis - 1][i], ends[k]);
            inputs[k] = iso_onnx_numbers(e, word, 1, &cut[k]);
        }
        struct iso_onnx_node *node = iso_onnx_add(e, "Slice", half[i], half[i]);
        iso_onnx_input(e, node, x);
        for (int k = 0; k < 3; k++)
            iso_onnx_input(e, node, inputs[k]);
    }
    struct iso_onnx_node *node = iso_onnx_add(e, "Concat", name, name);
    iso_onnx_input(e, node, half[0]);
    iso_onnx_input(e, node, half[1]);
    iso_onnx_int(e, node, "axis", axis);
    return name;
}

/* ---- Heads --------------------------------------------------------------------------------- */

/* Makes [rows, height, width, channels] [rows, windows, heads, tokens, size], or, turned, the last
 * two exchanged; without windows, that axis is missing. */
static const char *heads_of(struct iso_onnx_exporter *e, int value, const struct iso_attention *s,
                            int64_t tokens, const char *part, bool turned)
{
    static const int64_t plain[4] = { 0, 2, 1, 3 }, other[4] = { 0, 2, 3, 1 };
    static const int64_t inside[5] = { 0, 1, 3, 2, 4 }, across[5] = { 0, 1, 3, 4, 2 };
    static const int64_t whole[6] = { 0, 1, 3, 2, 4, 5 }, spread[6] = { 0, 2, 4, 1, 3, 5 };
    const char *x = iso_onnx_as(e, value, false);
    if (s->across == 0) {
        const int64_t dim[4] = { 0, tokens, s->heads, s->size };
        x = iso_onnx_reshaped(e, x, part, "heads", 4, dim);
        return transposed(e, x, iso_onnx_subname(e, part), 4, turned ? other : plain);
    }
    for (int i = 0; i < 2; i++)
        if (s->shift[i] > 0)
            x = rolled(e, x, part, 1 + i, s->shift[i]);
    const int64_t y[2] = { s->down, s->window[0] }, z[2] = { s->across, s->window[1] };
    const int64_t parts[6] = { 0, y[s->grid], y[!s->grid], z[s->grid], z[!s->grid], s->channels };
    const int64_t dim[5] = { 0, iso_attention_windows(s), tokens, s->heads, s->size };
    x = iso_onnx_reshaped(e, x, part, "parts", 6, parts);
    x = transposed(e, x, named(e, part, "windows"), 6, s->grid ? spread : whole);
    x = iso_onnx_reshaped(e, x, part, "heads", 5, dim);
    return transposed(e, x, iso_onnx_subname(e, part), 5, turned ? across : inside);
}

/* The image of means of heads, as the layer's result. */
static void put_back(struct iso_onnx_exporter *e, const struct iso_node *n, const char *means,
                     const struct iso_attention *s)
{
    static const int64_t plain[4] = { 0, 2, 1, 3 }, inside[5] = { 0, 1, 3, 2, 4 };
    static const int64_t whole[6] = { 0, 1, 3, 2, 4, 5 }, spread[6] = { 0, 3, 1, 4, 2, 5 };
    const struct iso_shape *y = iso_onnx_shape(e, n->y[0]);
    const int64_t dim[4] = { 0, y->dim[1], y->dim[2], y->dim[3] };
    const bool divided = s->across > 0;
    const char *x = transposed(e, means, iso_onnx_subname(e, "tokens"), divided ? 5 : 4,
                               divided ? inside : plain);
    if (divided) {
        const int64_t parts[6] = { 0, s->down, s->across, s->window[0], s->window[1], s->channels };
        x = iso_onnx_reshaped(e, x, "y", "windows", 6, parts);
        x = transposed(e, x, iso_onnx_subname(e, "y_parts"), 6, s->grid ? spread : whole);
        if (s->shift[0] + s->shift[1] > 0)
            x = iso_onnx_reshaped(e, x, "y", "rolled", 4, dim);
    }
    for (int i = 0; i < 2; i++)
        if (divided && s->shift[i] > 0)
            x = rolled(e, x, "y", 1 + i, dim[1 + i] - s->shift[i]);
    const char *target = iso_onnx_numbers(e, "shape", 4, dim);
    struct iso_onnx_node *node = iso_onnx_add_for(e, "Reshape", e->layer, n->y[0], false);
    iso_onnx_input(e, node, x);
    iso_onnx_input(e, node, target);
}

/* ---- Scores -------------------------------------------------------------------------------- */

/* The bias of each head and two tokens of a window. */
static const char *bias_of(struct iso_onnx_exporter *e, const struct iso_node *n,
                           const struct iso_attention *s)
{
    const int64_t dim[3] = { s->heads, s->queries, s->keys };
    const char *name = iso_onnx_subname(e, "bias");
    float *from = iso_onnx_weight_read(e, n->w[0]);
    float *to = from != NULL ? iso_onnx_constant(e, name, 3, dim) : NULL;
    for (int64_t i = 0; to != NULL && i < dim[0] * dim[1] * dim[2]; i++) {
        const int64_t r = iso_attention_distance(s, i / s->keys % s->queries, i % s->keys);
        to[i] = from[r * s->heads + i / s->keys / s->queries];
    }
    free(from);
    return name;
}

/* The mask of two tokens of a window that come from both sides of the image. */
static const char *mask_of(struct iso_onnx_exporter *e, const struct iso_attention *s)
{
    const int64_t dim[4] = { iso_attention_windows(s), 1, s->queries, s->keys };
    const char *name = iso_onnx_subname(e, "mask");
    float *to = iso_onnx_constant(e, name, 4, dim);
    for (int64_t i = 0; to != NULL && i < dim[0] * dim[2] * dim[3]; i++) {
        const int64_t window = i / s->keys / s->queries;
        if (iso_attention_region(s, window, i / s->keys % s->queries) !=
            iso_attention_region(s, window, i % s->keys))
            to[i] = (float)ISO_ATTENTION_APART;
    }
    return name;
}

void iso_onnx_export_dot_product_attention(struct iso_onnx_exporter *e, const struct iso_node *n)
{
    struct iso_attention s =
        iso_attention_of(n->params, iso_onnx_shape(e, n->x[0]), iso_onnx_shape(e, n->x[1]));
    if (s.biased && s.across == 0)
        s.down = s.across = 1; /* the image is one window */
    const char *scale = iso_onnx_subname(e, "scale");
    float *number = iso_onnx_constant(e, scale, 0, NULL);
    if (number != NULL)
        *number = iso_attention_scale(&s);
    const char *q = heads_of(e, n->x[ISO_ATTENTION_QUERY], &s, s.queries, "query", false);
    const char *k = heads_of(e, n->x[ISO_ATTENTION_KEY], &s, s.keys, "key", true);
    const char *v = heads_of(e, n->x[ISO_ATTENTION_VALUE], &s, s.keys, "value", false);
    const char *scores = joined(e, "Mul", joined(e, "MatMul", q, k, "scores"), scale, "scaled");
    if (s.biased)
        scores = joined(e, "Add", scores, bias_of(e, n, &s), "biased");
    if (s.shift[0] + s.shift[1] > 0)
        scores = joined(e, "Add", scores, mask_of(e, &s), "masked");
    const char *p = iso_onnx_subname(e, "probabilities");
    struct iso_onnx_node *softmax = iso_onnx_add(e, "Softmax", p, p);
    iso_onnx_input(e, softmax, scores);
    iso_onnx_int(e, softmax, "axis", -1);
    put_back(e, n, joined(e, "MatMul", p, v, "means"), &s);
}
