/* gather_row_weights.cl: the weights of a batch's rows from resident ones. */
#include "common.h"

kernel void gather_row_weights(global const float *weights, ulong weights_at,
                               global const int *order, ulong order_at, global float *y, ulong y_at,
                               uint n, ulong first)
{
    uint i = get_global_id(0);
    if (i < n) {
        y[y_at + i] = weights[weights_at + order[order_at + first + i]];
    }
}
