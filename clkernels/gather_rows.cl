/* gather_rows.cl: a batch's rows of resident numbers; a work-item an element. */
#include "common.h"

kernel void gather_rows(global const float *x, ulong x_at, global const int *order, ulong order_at,
                        global float *y, ulong y_at, uint size, ulong first)
{
    const uint i = get_global_id(0), row = get_global_id(1);
    if (i < size)
        y[y_at + row * size + i] = x[x_at + (ulong)order[order_at + first + row] * size + i];
}
