/* gather_rows.cl: a batch's rows of resident numbers; one work-item an element. */
#include "common.h"

kernel void gather_rows(global const float *x, ulong x_at, global const int *order, ulong order_at,
                        global float *y, ulong y_at, uint n, uint size, ulong first)
{
    uint i = get_global_id(0);
    if (i < n) {
        ulong row = order[order_at + first + i / size];
        y[y_at + i] = x[x_at + row * size + i % size];
    }
}
