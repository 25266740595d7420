/* multiply.cl: the product of two tensors, one of which may be repeated (core/ops/multiply.h). */
#include "common.h"
#include "elements.h"

/* out = large small, or added to out; n elements, in parts of repeats x inner. */
kernel void multiply_products(global const float *large, ulong large_at, global const float *small,
                              ulong small_at, global float *out, ulong out_at, uint n, uint repeats,
                              uint inner, int add)
{
    EACH_ELEMENT(i, n)
    {
        const uint at = (uint)i,
                   from = repeats == 1 ? at : at / inner / repeats * inner + at % inner;
        float y = iso_multiply(large[large_at + at], small[small_at + from]);
        out[out_at + at] = add ? out[out_at + at] + y : y;
    }
}

/* out[o, i] = the sum over r of dy[o, r, i] x[o, r, i], or added to it; n of them. */
kernel void multiply_sums(global const float *dy, ulong dy_at, global const float *x, ulong x_at,
                          global float *out, ulong out_at, uint n, uint repeats, uint inner,
                          int add)
{
    const uint i = get_global_id(0);
    if (i >= n)
        return;
    const ulong first = (ulong)(i / inner) * repeats * inner + i % inner;
    float total = start_of_sum();
    dy += dy_at + first;
    x += x_at + first;
    for (uint begin = 0; begin < repeats; begin += ISO_BLOCK_TERMS) {
        const uint end = min(begin + ISO_BLOCK_TERMS, repeats);
        float chain = start_of_sum();
        for (uint r = begin; r < end; r++)
            chain = iso_fma(dy[(ulong)r * inner], x[(ulong)r * inner], chain);
        total = add_term(total, end_of_sum(chain));
    }
    total = end_of_sum(total);
    out[out_at + i] = add ? out[out_at + i] + total : total;
}
