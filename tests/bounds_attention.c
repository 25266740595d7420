/* bounds_attention.c: the formulas of core/ops/dot_product_attention.h. */
#include "bounds.h"
#include "core/ops/dot_product_attention.h"
#include "core/ops/infer.h"

#include <stdlib.h>

/* One window and head: its numbers, and the softmax of its scores. */
struct head {
    struct iso_attention s;
    const struct iso_values *v;
    int64_t window, first;      /* first: its first channel */
    struct near *p, *g;         /* [queries, keys]: probabilities, and gradients of the scores */
    struct near_sum *distances; /* [distances, heads]: those of the gradients, of all windows */
};

/* Returns the index of a token's channel in a tensor of so many tokens. */
static int64_t index_of(const struct head *h, int64_t tokens, int64_t token, int64_t c)
{
    return iso_attention_pixel(&h->s, tokens, h->window, token) * h->s.channels + h->first + c;
}

static struct near query(const struct head *h, int64_t i, int64_t c)
{
    return bounds_element(h->v, ISO_X, ISO_ATTENTION_QUERY, index_of(h, h->s.queries, i, c), 0);
}

static struct near key(const struct head *h, int64_t j, int64_t c)
{
    return bounds_element(h->v, ISO_X, ISO_ATTENTION_KEY, index_of(h, h->s.keys, j, c), 0);
}

static struct near value(const struct head *h, int64_t j, int64_t c)
{
    return bounds_element(h->v, ISO_X, ISO_ATTENTION_VALUE, index_of(h, h->s.keys, j, c), 0);
}

static struct near slope(const struct head *h, int64_t i, int64_t c)
{
    return bounds_element(h->v, ISO_DY, 0, index_of(h, h->s.queries, i, c), 0);
}

/* The given scale, or 1 / sqrt(size): two roundings. */
static struct near scale(const struct head *h)
{
    if (h->s.scale > 0)
        return near_rounded(h->s.scale, 0, 1);
    return near_rounded(1 / sqrt((double)h->s.size), 0, 2);
}

/* The softmax of a row. The largest score, whatever its error, is subtracted from all and so
 * cancels: only the difference is rounded. */
static void softmax(struct near *row, int64_t n)
{
    struct near_sum sum = { 0 };
    double max = row[0].v;
    for (int64_t j = 1; j < n; j++)
        max = fmax(max, row[j].v);
    for (int64_t j = 0; j < n; j++) {
        row[j] = near_exp(near_sub(row[j], near_input(max)));
        near_term(&sum, row[j]);
    }
    const struct near total = near_total(&sum, iso_axis_chain(n));
    for (int64_t j = 0; j < n; j++)
        row[j] = near_div(row[j], total);
}

/* Returns a score with what the places of two tokens add. */
static struct near placed(const struct head *h, struct near score, int64_t i, int64_t j)
{
    const int64_t at = iso_attention_distance(&h->s, i, j) * h->s.heads + h->first / h->s.size;
    if (h->s.biased)
        score = near_add(score, bounds_element(h->v, ISO_W, 0, at, 0));
    return iso_attention_region(&h->s, h->window, i) == iso_attention_region(&h->s, h->window, j)
               ? score
               : near_add(score, near_input((double)ISO_ATTENTION_APART));
}

static void probabilities(const struct head *h)
{
    for (int64_t i = 0; i < h->s.queries; i++) {
        struct near *row = h->p + i * h->s.keys;
        for (int64_t j = 0; j < h->s.keys; j++) {
            struct near_sum sum = { 0 };
            for (int64_t c = 0; c < h->s.size; c++)
                near_product(&sum, query(h, i, c), key(h, j, c));
            row[j] = near_mul(near_total(&sum, iso_product_chain(h->s.size)), scale(h));
            row[j] = placed(h, row[j], i, j);
        }
        softmax(row, h->s.keys);
    }
}

/* The gradients of the scores: p (dp - the sum of dp p). */
static void score_gradients(const struct head *h)
{
    for (int64_t i = 0; i < h->s.queries; i++) {
        struct near *p = h->p + i * h->s.keys, *g = h->g + i * h->s.keys;
        struct near_sum dot = { 0 };
        for (int64_t j = 0; j < h->s.keys; j++) {
            struct near_sum sum = { 0 };
            for (int64_t c = 0; c < h->s.size; c++)
                near_product(&sum, slope(h, i, c), value(h, j, c));
            g[j] = near_total(&sum, iso_product_chain(h->s.size));
            near_product(&dot, g[j], p[j]);
        }
        const struct near total = near_total(&dot, iso_axis_chain(h->s.keys));
        for (int64_t j = 0; j < h->s.keys; j++)
            g[j] = near_mul(p[j], near_sub(g[j], total));
    }
}

/* Sets the bounds of what is summed over the keys for each query: y and dquery. */
static void query_bounds(const struct head *h, struct iso_values *allowed)
{
    for (int64_t i = 0; i < h->s.queries; i++)
        for (int64_t c = 0; c < h->s.size; c++) {
            const int64_t at = index_of(h, h->s.queries, i, c);
            struct near_sum y = { 0 }, dquery = { 0 };
            for (int64_t j = 0; j < h->s.keys; j++) {
                near_product(&y, h->p[i * h->s.keys + j], value(h, j, c));
                near_product(&dquery, h->g[i * h->s.keys + j], key(h, j, c));
            }
            const int64_t chain = iso_product_chain(h->s.keys);
            bounds_allow(allowed, ISO_Y, 0, at, near_total(&y, chain));
            bounds_allow(allowed, ISO_DX, ISO_ATTENTION_QUERY, at,
                         near_mul(near_total(&dquery, chain), scale(h)));
        }
}

/* Sets the bounds of what is summed over the queries for each key: dkey and dvalue. */
static void key_bounds(const struct head *h, struct iso_values *allowed)
{
    for (int64_t j = 0; j < h->s.keys; j++)
        for (int64_t c = 0; c < h->s.size; c++) {
            const int64_t at = index_of(h, h->s.keys, j, c);
            struct near_sum dkey = { 0 }, dvalue = { 0 };
            for (int64_t i = 0; i < h->s.queries; i++) {
                near_product(&dkey, h->g[i * h->s.keys + j], query(h, i, c));
                near_product(&dvalue, h->p[i * h->s.keys + j], slope(h, i, c));
            }
            const int64_t chain = iso_product_chain(h->s.queries);
            bounds_allow(allowed, ISO_DX, ISO_ATTENTION_KEY, at,
                         near_mul(near_total(&dkey, chain), scale(h)));
            bounds_allow(allowed, ISO_DX, ISO_ATTENTION_VALUE, at, near_total(&dvalue, chain));
        }
}

/* Adds the gradients of this window's scores to the sums of their distances. */
static void add_distances(const struct head *h)
{
    for (int64_t r = 0; r < iso_attention_distances(&h->s) && h->s.biased; r++) {
        struct near_sum sum = { 0 };
        for (int64_t i = 0; i < h->s.queries; i++) {
            const int64_t j = iso_attention_at_distance(&h->s, i, r);
            if (j >= 0)
                near_term(&sum, h->g[i * h->s.keys + j]);
        }
        near_term(&h->distances[r * h->s.heads + h->first / h->s.size],
                  near_total(&sum, iso_product_chain(h->s.queries)));
    }
}

static void bias_bounds(const struct head *h, struct iso_values *allowed)
{
    const int64_t windows = iso_attention_windows(&h->s);
    const int64_t chain = iso_row_sum_chain(h->s.images / windows, windows);
    for (int64_t i = 0; i < iso_attention_distances(&h->s) * h->s.heads && h->s.biased; i++)
        bounds_allow(allowed, ISO_DW, 0, i, near_total(&h->distances[i], chain));
}

void bounds_attention(enum iso_op op, const struct iso_call *call, const struct iso_values *v,
                      struct iso_values *allowed)
{
    struct head h = { .s = iso_attention_of(call->params, &call->x[ISO_ATTENTION_QUERY].shape,
                                            &call->x[ISO_ATTENTION_KEY].shape),
                      .v = v };
    const size_t scores = (size_t)(h.s.queries * h.s.keys);
    (void)op;
    h.p = iso_alloc(2 * scores, sizeof *h.p);
    h.g = h.p + scores;
    h.distances =
        iso_alloc((size_t)(iso_attention_distances(&h.s) * h.s.heads), sizeof *h.distances);
    for (h.window = 0; h.window < h.s.images; h.window++)
        for (h.first = 0; h.first < h.s.channels; h.first += h.s.size) {
            probabilities(&h);
            score_gradients(&h);
            query_bounds(&h, allowed);
            key_bounds(&h, allowed);
            add_distances(&h);
        }
    bias_bounds(&h, allowed);
    free(h.p);
    free(h.distances);
}
