/* position_embedding.cl: a learned tensor added to each example. */
#include "common.h"
#include "elements.h"

/* y = x + w, of which an example has `size` numbers; n in total. */
kernel void position_embedding(global const float *x, ulong x_at, global const float *w, ulong w_at,
                               global float *y, ulong y_at, uint n, uint size)
{
    EACH_ELEMENT(i, n) { y[y_at + i] = iso_add(x[x_at + i], w[w_at + (uint)i % size]); }
}
