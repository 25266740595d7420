/* import_windows.c: attention among the tokens of windows: the means of a view by the softmax of
 * scores. Nothing is taken for granted: the view that the attention of a window size, shift and
 * grid would have must equal the file's. */
#include "import_build.h"
#include "core/ops/conv2d.h"
#include "core/ops/dot_product_attention.h"
#include "core/ops/reshape.h"
#include "core/ops/slice.h"
#include "core/ops/unit_normalization.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

iso_rc iso_onnx_refuse_attention(const struct iso_onnx_importer *im, const char *what)
{
    return iso_onnx_refuse(im, "is part of an attention %s", what);
}

/* ---- The attention ------------------------------------------------------------------------- */

/* One that the file's may be. */
struct guess {
    struct iso_dot_product_attention p;
    struct iso_attention s;
};

/* Sets the view that heads of tokens have with this guess: head h, channel c is channel h
 * head_step + c step of the result, after its offset. */
static bool expected(const struct guess *g, const struct iso_onnx_view *like, int64_t head_step,
                     int64_t step, struct iso_onnx_view *out)
{
    const struct iso_attention *s = &g->s;
    const int64_t pixel = like->base.dim[3], line = pixel * like->base.dim[2];
    const int64_t across = s->grid ? 1 : s->window[1], down = s->grid ? 1 : s->window[0];
    const int64_t x = s->grid ? s->across : 1, y = s->grid ? s->down : 1;
    int64_t dim[ISO_ONNX_AXES];
    *out = iso_onnx_view_begin(&like->base, like->rows);
    memcpy(out->roll, like->roll, sizeof out->roll);
    out->offset = like->offset;
    for (int a = 0; a < like->n; a++)
        dim[a] = iso_onnx_view_dim(like, a);
    return iso_onnx_view_add(out, like->rows, line * like->base.dim[1]) && iso_onnx_view_end(out) &&
           iso_onnx_view_add(out, s->down, down * line) && iso_onnx_view_end(out) &&
           iso_onnx_view_add(out, s->across, across * pixel) && iso_onnx_view_end(out) &&
           iso_onnx_view_add(out, s->heads, head_step) && iso_onnx_view_end(out) &&
           iso_onnx_view_add(out, s->window[0], y * line) && iso_onnx_view_end(out) &&
           iso_onnx_view_add(out, s->window[1], x * pixel) && iso_onnx_view_end(out) &&
           iso_onnx_view_add(out, s->size, step) && iso_onnx_view_end(out) &&
           iso_onnx_view_reshape(out, like->n, dim);
}

/* The steps from head to head, and from channel to channel, of a view. */
static bool steps(const struct iso_onnx_view *v, int64_t step[2])
{
    for (int i = 0; i < 2; i++) {
        const int axis = i == 0 ? v->n - 3 : v->n - 1, n = v->first[axis + 1] - v->first[axis];
        step[i] = n == 1 ? v->factor[v->first[axis]].stride : 1;
        if (n > 1)
            return false;
    }
    return v->offset < v->base.dim[3];
}

static bool fits(const struct guess *g, const struct iso_onnx_view *v)
{
    struct iso_onnx_view want;
    int64_t step[2];
    return steps(v, step) && expected(g, v, step[0], step[1], &want) &&
           iso_onnx_view_equal(&want, v);
}

/* Finds the windows that query, key and value are divided into. */
static bool find(const struct iso_onnx_view *const v[3], struct guess *g)
{
    const struct iso_onnx_view *q = v[0];
    const int64_t tokens = iso_onnx_view_dim(q, q->n - 2), *image = q->base.dim;
    const int64_t heads = iso_onnx_view_dim(q, q->n - 3), size = iso_onnx_view_dim(q, q->n - 1);
    const struct iso_shape shape = { 4, { 1, image[1], image[2], heads * size } };
    for (int grid = 0; grid < 2; grid++)
        for (int64_t h = 1; h <= image[1] && h <= tokens; h++) {
            const int64_t w = tokens / h;
            if (tokens % h != 0 || image[1] % h != 0 || w > image[2] || image[2] % w != 0)
                continue;
            *g = (struct guess){ .p = { .heads = heads,
                                        .window = { h, w },
                                        .shift = { q->roll[0], q->roll[1] },
                                        .grid = grid } };
            g->s = iso_attention_of(&g->p, &shape, &shape);
            if (fits(g, v[0]) && fits(g, v[1]) && fits(g, v[2]))
                return q->roll[0] < h && q->roll[1] < w;
        }
    return false;
}

/* Returns what the file adds to a score. */
static double added(const struct iso_onnx_scores *s, int64_t window, int64_t head, int64_t i,
                    int64_t j)
{
    double sum = 0;
    for (int k = 0; k < s->nsummands; k++) {
        const int64_t *stride = s->stride[k];
        sum += (double)((const float *)s->summand[k]->data)[window * stride[0] + head * stride[1] +
                                                            i * stride[2] + j * stride[3]];
    }
    return sum;
}

enum { MOST_SCORES = 1 << 28 }; /* the most of an image, its heads and windows */

/* Sets the relative bias, [distances, heads], and *biased, to true if it is not zero; returns false
 * if what is added is not that of distances and of the shift. */
static bool find_bias(const struct iso_onnx_scores *s, const struct iso_attention *a, float *bias,
                      bool *biased)
{
    const int64_t n = iso_attention_distances(a) * a->heads;
    const int64_t count = iso_attention_windows(a) * a->heads * a->queries * a->keys;
    *biased = false;
    if (count > MOST_SCORES)
        return false;
    for (int64_t i = 0; i < n; i++)
        bias[i] = NAN;
    for (int64_t k = 0; k < 2 * count; k++) { /* tokens that are not apart first */
        const int64_t at = k % count, j = at % a->keys, i = at / a->keys % a->queries,
                      head = at / a->keys / a->queries % a->heads,
                      window = at / a->keys / a->queries / a->heads;
        float *own = &bias[iso_attention_distance(a, i, j) * a->heads + head];
        const bool apart = iso_attention_region(a, window, i) != iso_attention_region(a, window, j);
        const double rest =
            added(s, window, head, i, j) - (apart ? (double)ISO_ATTENTION_APART : 0.0);
        if (apart && k < count)
            continue;
        if (*own != *own)
            *own = (float)rest;
        if (!(fabs(rest - (double)*own) <= 1e-6 * (1 + fabs(rest))))
            return false;
        *biased = *biased || *own != 0;
    }
    for (int64_t i = 0; i < n; i++)
        bias[i] = bias[i] == bias[i] ? bias[i] : 0;
    return true;
}

/* ---- Its inputs ---------------------------------------------------------------------------- */

/* The layer that gives what a view sees, if it is a product of pixels that can be divided. */
static const struct iso_onnx_layer *product(const struct iso_onnx_importer *im, int layer)
{
    const struct iso_onnx_layer *l = &im->layers[layer];
    const struct iso_conv2d *p = l->params;
    return l->op == ISO_OP_conv2d && p->kernel_size[0] * p->kernel_size[1] == 1 &&
                   p->strides[0] * p->strides[1] == 1 && p->groups == 1 && l->nx == 1 &&
                   iso_onnx_free_activation(l) != NULL
               ? l
               : NULL;
}

/* A product of its own for some of the filters. */
static struct iso_onnx_layer *part_of(struct iso_onnx_importer *im, int layer, const char *name,
                                      const int64_t *filters, int64_t n)
{
    const struct iso_onnx_layer from = im->layers[layer];
    struct iso_onnx_known x = { .layer = from.x[0] };
    const struct iso_onnx_known *px = &x;
    const int64_t in = from.w[0].shape.dim[2], all = from.w[0].shape.dim[3];
    const int64_t dim[4] = { 1, 1, in, n };
    char full[2 * ISO_NAME];
    snprintf(full, sizeof full, "%s.%s", from.name, name);
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_conv2d, full, 1, &px);
    if (l == NULL)
        return NULL;
    *(struct iso_conv2d *)l->params = *(const struct iso_conv2d *)from.params;
    ((struct iso_conv2d *)l->params)->filters = n;
    l->shape = from.shape;
    l->shape.dim[3] = n;
    float *kernel = iso_onnx_new_weight(im, l, 0, 4, dim), *bias;
    for (int64_t i = 0; kernel != NULL && i < in * n; i++)
        kernel[i] = from.w[0].values[i / n * all + filters[i % n]];
    if (kernel == NULL || from.w[1].values == NULL)
        return kernel != NULL ? l : NULL;
    bias = iso_onnx_new_weight(im, l, 1, 1, &n);
    for (int64_t i = 0; bias != NULL && i < n; i++)
        bias[i] = from.w[1].values[filters[i]];
    return bias != NULL ? l : NULL;
}

/* Sets *out to a layer whose channels are those of the view's heads, one after another. */
static iso_rc heads_of(struct iso_onnx_importer *im, const struct guess *g, int layer,
                       const struct iso_onnx_view *v, const char *name, int *out)
{
    const int64_t n = g->s.channels;
    int64_t step[2], *channel = iso_onnx_alloc(im->m, (size_t)n, sizeof *channel);
    bool whole = n == v->base.dim[3], run = true;
    if (channel == NULL)
        return ISO_ENOMEM;
    steps(v, step);
    for (int64_t i = 0; i < n; i++) {
        channel[i] = v->offset + i / g->s.size * step[0] + i % g->s.size * step[1];
        run = run && channel[i] == channel[0] + i;
    }
    *out = layer;
    if (whole && run)
        return ISO_OK;
    const struct iso_onnx_known x = { .layer = layer }, *px = &x;
    struct iso_onnx_layer *l = NULL;
    if (product(im, layer) != NULL) {
        l = part_of(im, layer, name, channel, n);
    } else if (run) {
        l = iso_onnx_layer(im, ISO_OP_slice, "", 1, &px);
        if (l != NULL) {
            *(struct iso_slice_params *)l->params =
                (struct iso_slice_params){ .start = channel[0], .size = n };
            l->shape = v->base;
            l->shape.dim[3] = n;
        }
    } else {
        return iso_onnx_refuse_attention(im, "whose heads have channels that lie apart");
    }
    if (l == NULL)
        return ISO_ENOMEM;
    *out = (int)(l - im->layers);
    return ISO_OK;
}

/* Divides the tokens of each head by their lengths: the heads as pixels beside each other. */
static iso_rc to_unit(struct iso_onnx_importer *im, const struct guess *g,
                      const struct iso_onnx_seen *seen, int *layer)
{
    struct iso_shape shape = im->layers[*layer].shape;
    const struct iso_shape heads = { 4, { 1, shape.dim[1], shape.dim[2] * g->s.heads, g->s.size } };
    const enum iso_op ops[3] = { ISO_OP_reshape, ISO_OP_unit_normalization, ISO_OP_reshape };
    shape.dim[0] = 1;
    for (int i = 0; i < 3; i++) {
        const struct iso_onnx_known x = { .layer = *layer }, *px = &x;
        struct iso_onnx_layer *l = iso_onnx_layer(im, ops[i], "", 1, &px);
        if (l == NULL)
            return ISO_ENOMEM;
        l->shape = i < 2 ? heads : shape;
        if (i == 1) {
            ((struct iso_unit_normalization *)l->params)->epsilon = seen->epsilon;
        } else {
            struct iso_shape *target = &((struct iso_reshape *)l->params)->target;
            *target = l->shape;
            target->dim[0] = 0;
        }
        *layer = (int)(l - im->layers);
    }
    return ISO_OK;
}

/* Sets the factor of all heads, and multiplies the query with those of the heads, if they differ.
 */
static iso_rc set_scale(struct iso_onnx_importer *im, const struct iso_onnx_scores *s,
                        struct guess *g, int *query)
{
    const float *by = s->by_head != NULL ? s->by_head->data : NULL;
    double factor = s->factor * s->query->factor * s->key->factor;
    bool differ = false;
    for (int64_t h = 1; by != NULL && h < g->s.heads; h++)
        differ = differ || by[h] != by[0];
    factor *= by != NULL && !differ ? (double)by[0] : 1;
    if (!(factor > 0) || factor > 1e6)
        return iso_onnx_refuse_attention(
            im, "whose scores are multiplied with a number that isocl does not take");
    if (fabs(factor * sqrt((double)g->s.size) - 1) > 1e-6)
        g->p.scale = iso_onnx_decimal((float)factor);
    if (!differ)
        return ISO_OK;
    const struct iso_onnx_known x = { .layer = *query }, *px = &x;
    struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_layer_scale, "", 1, &px);
    float *gamma = l != NULL ? iso_onnx_new_weight(im, l, 0, 1, &g->s.channels) : NULL;
    if (gamma == NULL)
        return ISO_ENOMEM;
    l->shape = im->layers[*query].shape;
    for (int64_t c = 0; c < g->s.channels; c++)
        gamma[c] = by[c / g->s.size];
    *query = (int)(l - im->layers);
    return ISO_OK;
}

/* ---- The layer ----------------------------------------------------------------------------- */

static iso_rc attend(struct iso_onnx_importer *im, const struct iso_onnx_scores *s, struct guess *g,
                     const int layer[3], const struct iso_onnx_view *value)
{
    struct iso_onnx_known x[3];
    const struct iso_onnx_known *px[3] = { &x[0], &x[1], &x[2] };
    const int64_t dim[2] = { iso_attention_distances(&g->s), g->s.heads };
    for (int i = 0; i < 3; i++)
        x[i] = (struct iso_onnx_known){ .layer = layer[i] };
    struct iso_onnx_layer *l =
        iso_onnx_layer(im, ISO_OP_dot_product_attention, im->node->name, 3, px);
    float *bias = l != NULL ? iso_onnx_new_weight(im, l, 0, 2, dim) : NULL;
    struct iso_onnx_seen seen = { .factor = 1 };
    if (bias == NULL)
        return ISO_ENOMEM;
    if (!find_bias(s, &g->s, bias, &g->s.biased))
        return iso_onnx_refuse_attention(
            im,
            "that adds to its scores what is neither a bias of distances nor a mask "
            "of shifted windows");
    struct iso_dot_product_attention *p = l->params;
    p->heads = g->p.heads;
    p->scale = g->p.scale;
    p->use_relative_bias = g->s.biased;
    if (!g->s.biased)
        l->w[0].values = NULL;
    if (iso_attention_windows(&g->s) > 1 || g->p.shift[0] + g->p.shift[1] > 0) {
        memcpy(p->window, g->p.window, sizeof p->window);
        memcpy(p->shift, g->p.shift, sizeof p->shift);
        p->grid = g->p.grid;
    }
    l->shape = value->base;
    l->shape.dim[3] = g->s.channels;
    struct iso_onnx_view like = *value;
    like.base = l->shape;
    like.offset = 0;
    if (!expected(g, &like, g->s.size, 1, &seen.v))
        return iso_onnx_refuse_attention(im, "that is not understood");
    return iso_onnx_know_view(im, (int)(l - im->layers), &seen, 0);
}

iso_rc iso_onnx_take_means_of(struct iso_onnx_importer *im, const struct iso_onnx_scores *s,
                              const struct iso_onnx_known *value)
{
    static const char *const names[] = { "query", "key", "value" };
    const struct iso_onnx_view *v[3] = { &s->query->v, &s->key->v, &value->seen->v };
    const int from[3] = { s->layer[0], s->layer[1], value->layer };
    int layer[3];
    struct guess g;
    if (!s->softmax || value->seen->factor != 1 || value->seen->unit || v[2]->n != v[0]->n ||
        !find(v, &g))
        return iso_onnx_refuse_attention(im, "whose tokens are not those of images or of windows");
    const struct iso_onnx_view view = *v[2];
    for (int i = 0; i < 3; i++)
        ISO_TRY(heads_of(im, &g, from[i], v[i], names[i], &layer[i]));
    if (s->query->unit)
        ISO_TRY(to_unit(im, &g, s->query, &layer[0]));
    if (s->key->unit)
        ISO_TRY(to_unit(im, &g, s->key, &layer[1]));
    ISO_TRY(set_scale(im, s, &g, &layer[0]));
    return attend(im, s, &g, layer, &view);
}
