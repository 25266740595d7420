/* dense.cl: what fast mode adds to a matrix product. */
#include "common.h"

/* y[r, c] = y[r, c] + bias[c] */
kernel void dense_bias(global float *y, ulong y_at, global const float *bias, ulong bias_at, uint n,
                       uint cols)
{
    uint i = get_global_id(0);
    if (i < n)
        y[y_at + i] = y[y_at + i] + bias[bias_at + i % cols];
}
