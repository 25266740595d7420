/* regularizer.cl: the penalty of a weight from its block sums, and its gradient. */
#include "common.h"

/* sums: block sums of |w|, then of w w, [blocks] each; sums whose factor is 0 are absent. */
kernel void regularizer_forward(global const float *sums, ulong sums_at, global float *y,
                                ulong y_at, uint blocks, float l1, float l2)
{
    if (get_global_id(0) > 0)
        return;
    float absolute = start_of_sum(), squares = start_of_sum();
    sums += sums_at;
    for (uint b = 0; l1 > 0.0f && b < blocks; b++)
        absolute = add_term(absolute, sums[b]);
    for (uint b = 0; l2 > 0.0f && b < blocks; b++)
        squares = add_term(squares, sums[blocks + b]);
    y[y_at] = iso_penalty(absolute, squares, l1, l2);
}

kernel void regularizer_backward(global const float *w, ulong w_at, global float *dw, ulong dw_at,
                                 uint n, float l1, float two_l2, int add)
{
    uint i = get_global_id(0);
    if (i < n) {
        float d = iso_penalty_grad(w[w_at + i], l1, two_l2);
        dw[dw_at + i] = add ? dw[dw_at + i] + d : d;
    }
}
