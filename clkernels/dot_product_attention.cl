/* dot_product_attention.cl: the products of attention (core/ops/dot_product_attention.h); its
 * softmax is that of activation.cl. Each third index of a grid is a unit: one head of one window. A
 * tensor of tokens is [images, tokens, heads, size], one of scores [windows, heads, queries, keys].
 */
#include "common.h"

/* Returns the row, or the column, of place `at` of a window, before the shift's end is cut off. */
static inline int row_of(const struct opencl_attention *s, int window, int at)
{
    const int number = window / s->across % s->down;
    return (s->grid ? at * s->down + number : number * s->window_h + at) + s->shift_h;
}
static inline int column_of(const struct opencl_attention *s, int window, int at)
{
    const int number = window % s->across;
    return (s->grid ? at * s->across + number : number * s->window_w + at) + s->shift_w;
}

/* Returns the index of the first number of a token in a unit, which are of whole images. */
static inline ulong whole_at(const struct opencl_attention *s, int unit, int tokens, int token)
{
    return ((ulong)(unit / s->heads * tokens + token) * s->heads + unit % s->heads) * s->size;
}

/* The same of whole images or of windows, whose tokens are `tokens`. */
static inline ulong token_at(const struct opencl_attention *s, int unit, int tokens, int token)
{
    if (s->across == 0)
        return whole_at(s, unit, tokens, token);
    const int window = unit / s->heads;
    const int y = row_of(s, window, token / s->window_w);
    const int x = column_of(s, window, token % s->window_w);
    const int line = window / s->across / s->down * s->height + (y < s->height ? y : y - s->height);
    const ulong pixel = (ulong)line * s->width + (x < s->width ? x : x - s->width);
    return (pixel * s->heads + unit % s->heads) * s->size;
}

/* Returns the number of tokens of a window, from this one on, that lie one step apart. */
static inline int run_at(const struct opencl_attention *s, int unit, int token)
{
    const int at = token % s->window_w, x = column_of(s, unit / s->heads, at);
    const int left = s->window_w - at, step = s->grid ? s->across : 1;
    return x >= s->width ? left : least(left, (s->width - x + step - 1) / step);
}

/* out[query, key] = the product of their tokens in a and b. */
kernel void attention_scores(global const float *a, ulong a_at, global const float *b, ulong b_at,
                             global float *out, ulong out_at, struct opencl_attention s,
                             float scale)
{
    const int j = get_global_id(0), i = get_global_id(1), unit = get_global_id(2);
    if (i >= s.queries || j >= s.keys)
        return;
    a += a_at + token_at(&s, unit, s.queries, i);
    b += b_at + token_at(&s, unit, s.keys, j);
    float total = start_of_sum();
    for (int begin = 0; begin < s.size; begin += ISO_BLOCK_TERMS) {
        const int end = s.size - begin < ISO_BLOCK_TERMS ? s.size : begin + ISO_BLOCK_TERMS;
        float chain = start_of_sum();
        for (int c = begin; c < end; c++)
            chain = iso_fma(a[c], b[c], chain);
        total = add_term(total, end_of_sum(chain));
    }
    out[out_at + ((ulong)unit * s.queries + i) * s.keys + j] = iso_attention_scaled(total, scale);
}

/* Returns the region of a token (iso_attention_region). */
static inline int region_of(const struct opencl_attention *s, int window, int token)
{
    return s->across == 0 ? 0
                          : 2 * (row_of(s, window, token / s->window_w) >= s->height) +
                                (column_of(s, window, token % s->window_w) >= s->width);
}

/* Adds to the scores what depends on the places of two tokens. bias: [distances, heads]. */
kernel void attention_places(global float *out, ulong out_at, global const float *bias,
                             ulong bias_at, struct opencl_attention s)
{
    const int j = get_global_id(0), i = get_global_id(1), unit = get_global_id(2);
    if (i >= s.queries || j >= s.keys)
        return;
    const int window = unit / s.heads, w = s.window_w;
    const int y = i / w - j / w + s.window_h - 1, x = i % w - j % w + w - 1;
    const float own = s.biased ? bias[bias_at + (y * (2 * w - 1) + x) * s.heads + unit % s.heads]
                               : 0.0f;
    out += out_at + ((ulong)unit * s.queries + i) * s.keys + j;
    *out = iso_attention_placed(*out, own, region_of(&s, window, i) != region_of(&s, window, j));
}

/* sums[window, distance, head] = the sum of g over the pairs of tokens at this distance. */
kernel void attention_distances(global const float *g, ulong g_at, global float *sums,
                                ulong sums_at, struct opencl_attention s, int windows)
{
    const int column = get_global_id(0), window = get_global_id(1), w = s.window_w;
    const int columns = (2 * s.window_h - 1) * (2 * w - 1) * s.heads;
    if (column >= columns || window >= windows)
        return;
    const int r = column / s.heads;
    const int y = r / (2 * w - 1) - s.window_h + 1, x = r % (2 * w - 1) - w + 1;
    g += g_at + (ulong)(window * s.heads + column % s.heads) * s.queries * s.keys;
    float total = start_of_sum(), chain = start_of_sum();
    int terms = 0;
    for (int i = y < 0 ? 0 : y; i < least(s.window_h, s.window_h + y); i++) {
        for (int j = x < 0 ? 0 : x; j < least(w, w + x); j++) {
            if (terms == ISO_BLOCK_TERMS) {
                total = add_term(total, end_of_sum(chain));
                chain = start_of_sum();
                terms = 0;
            }
            chain = iso_fma(g[(i * w + j) * s.keys + (i - y) * w + j - x], 1.0f, chain);
            terms++;
        }
    }
    sums[sums_at + (ulong)window * columns + column] = add_term(total, end_of_sum(chain));
}

/* out[token, channel] = the sum over `terms` tokens t of p[token row + t term] b[t, channel]. */
kernel void attention_means(global const float *p, ulong p_at, global const float *b, ulong b_at,
                            global float *out, ulong out_at, struct opencl_attention s, int tokens,
                            int terms, int row, int term, float scale, int add)
{
    const int c = get_global_id(0), i = get_global_id(1), unit = get_global_id(2);
    const int step = s.heads * s.size;
    if (i >= tokens || c >= s.size)
        return;
    p += p_at + (ulong)unit * tokens * terms + (ulong)i * row;
    b += b_at + whole_at(&s, unit, terms, 0) + c;
    float total = start_of_sum();
    for (int begin = 0; begin < terms; begin += ISO_BLOCK_TERMS) {
        const int end = terms - begin < ISO_BLOCK_TERMS ? terms : begin + ISO_BLOCK_TERMS;
        float chain = start_of_sum();
        for (int t = begin; t < end; t++)
            chain = iso_fma(p[t * term], b[t * step], chain);
        total = add_term(total, end_of_sum(chain));
    }
    const float sum = iso_attention_scaled(total, scale);
    out += out_at + whole_at(&s, unit, tokens, i) + c;
    *out = add ? *out + sum : sum;
}

/* The same of windows, whose tokens lie one step apart in runs. */
kernel void attention_window_means(global const float *p, ulong p_at, global const float *b,
                                   ulong b_at, global float *out, ulong out_at,
                                   struct opencl_attention s, int tokens, int terms, int row,
                                   int term, float scale, int add)
{
    const int c = get_global_id(0), i = get_global_id(1), unit = get_global_id(2);
    const int step = (s.grid ? s.across : 1) * s.heads * s.size;
    if (i >= tokens || c >= s.size)
        return;
    p += p_at + (ulong)unit * tokens * terms + (ulong)i * row;
    b += b_at + c;
    float total = start_of_sum();
    for (int begin = 0; begin < terms; begin += ISO_BLOCK_TERMS) {
        const int end = terms - begin < ISO_BLOCK_TERMS ? terms : begin + ISO_BLOCK_TERMS;
        float chain = start_of_sum();
        for (int t = begin; t < end;) {
            const int first = t, stop = least(end, t + run_at(&s, unit, t));
            global const float *own = b + token_at(&s, unit, terms, t);
            for (; t < stop; t++)
                chain = iso_fma(p[t * term], own[(t - first) * step], chain);
        }
        total = add_term(total, end_of_sum(chain));
    }
    const float sum = iso_attention_scaled(total, scale);
    out += out_at + token_at(&s, unit, tokens, i) + c;
    *out = add ? *out + sum : sum;
}
