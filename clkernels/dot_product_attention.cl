/* dot_product_attention.cl: the products of attention (core/ops/dot_product_attention.h); its
 * softmax is that of activation.cl. Each third index of a grid is a unit: one head of one image. A
 * tensor of tokens is [images, tokens, heads, size], one of scores [images, heads, queries, keys].
 */
#include "common.h"

/* Returns the index of the first number of a token in a unit. */
static inline ulong token_at(uint unit, uint token, uint tokens, uint heads, uint size)
{
    return ((ulong)(unit / heads * tokens + token) * heads + unit % heads) * size;
}

/* out[query, key] = the product of their tokens in a and b. */
kernel void attention_scores(global const float *a, ulong a_at, global const float *b, ulong b_at,
                             global float *out, ulong out_at, int queries, int keys, int size,
                             int heads, float scale)
{
    const int j = get_global_id(0), i = get_global_id(1);
    const uint unit = get_global_id(2);
    if (i >= queries || j >= keys)
        return;
    a += a_at + token_at(unit, i, queries, heads, size);
    b += b_at + token_at(unit, j, keys, heads, size);
    float total = start_of_sum();
    for (int begin = 0; begin < size; begin += ISO_BLOCK_TERMS) {
        const int end = size - begin < ISO_BLOCK_TERMS ? size : begin + ISO_BLOCK_TERMS;
        float chain = start_of_sum();
        for (int c = begin; c < end; c++)
            chain = iso_fma(a[c], b[c], chain);
        total = add_term(total, end_of_sum(chain));
    }
    out[out_at + ((ulong)unit * queries + i) * keys + j] = iso_attention_scaled(total, scale);
}

/* out[token, channel] = the sum over `terms` tokens t of p[token row + t term] b[t, channel]. */
kernel void attention_means(global const float *p, ulong p_at, global const float *b, ulong b_at,
                            global float *out, ulong out_at, int tokens, int terms, int row,
                            int term, int size, int heads, float scale, int add)
{
    const int c = get_global_id(0), i = get_global_id(1), step = heads * size;
    const uint unit = get_global_id(2);
    if (i >= tokens || c >= size)
        return;
    p += p_at + (ulong)unit * tokens * terms + (ulong)i * row;
    b += b_at + token_at(unit, 0, terms, heads, size) + c;
    float total = start_of_sum();
    for (int begin = 0; begin < terms; begin += ISO_BLOCK_TERMS) {
        const int end = terms - begin < ISO_BLOCK_TERMS ? terms : begin + ISO_BLOCK_TERMS;
        float chain = start_of_sum();
        for (int t = begin; t < end; t++)
            chain = iso_fma(p[t * term], b[t * step], chain);
        total = add_term(total, end_of_sum(chain));
    }
    const float sum = iso_attention_scaled(total, scale);
    out += out_at + token_at(unit, i, tokens, heads, size) + c;
    *out = add ? *out + sum : sum;
}
