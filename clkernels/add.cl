/* add.cl: the sum of two to four tensors. */
#include "common.h"
#include "elements.h"

/* x2 and x3 are read only if there are that many inputs. */
kernel void add_forward(global const float *x0, ulong x0_at, global const float *x1, ulong x1_at,
                        global const float *x2, ulong x2_at, global const float *x3, ulong x3_at,
                        global float *y, ulong y_at, uint n, int inputs)
{
    EACH_ELEMENT(i, n)
    {
        float sum = iso_add(x0[x0_at + i], x1[x1_at + i]);
        if (inputs > 2)
            sum = iso_add(sum, x2[x2_at + i]);
        if (inputs > 3)
            sum = iso_add(sum, x3[x3_at + i]);
        y[y_at + i] = sum;
    }
}

kernel void add_backward(global const float *dy, ulong dy_at, global float *dx, ulong dx_at, uint n,
                         int add)
{
    EACH_ELEMENT(i, n)
    dx[dx_at + i] = add ? dx[dx_at + i] + dy[dy_at + i] : dy[dy_at + i];
}
