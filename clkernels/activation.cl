/* activation.cl: elementwise functions, and softmax over the last axis. */
#include "common.h"
#include "softmax.h"

kernel void activation_forward(global const float *x, ulong x_at, global float *y, ulong y_at, uint n,
                               int function, float alpha)
{
    uint i = get_global_id(0);
    if (i < n) {
        y[y_at + i] = iso_act(function, alpha, x[x_at + i]);
    }
}

kernel void activation_backward(global const float *y, ulong y_at, global const float *dy, ulong dy_at,
                                global float *dx, ulong dx_at, uint n, int function, float alpha, int add)
{
    uint i = get_global_id(0);
    if (i < n) {
        float d = iso_act_grad(function, alpha, y[y_at + i], dy[dy_at + i]);
        dx[dx_at + i] = add ? dx[dx_at + i] + d : d;
    }
}

/* One group of 16 work-items a row. */
kernel void activation_softmax(global const float *x, ulong x_at, global float *y, ulong y_at, int n)
{
    local int si[LANES];
    local float s[LANES];
    ulong row = (ulong)get_group_id(0) * n;
    float max, sum;
    x += x_at + row;
    y += y_at + row;
    softmax_row(si, s, x, n, &max, &sum);
    for (int i = get_local_id(0); i < n; i += LANES) {
        y[i] = iso_softmax(x[i], max, sum);
    }
}

kernel void activation_softmax_backward(global const float *y, ulong y_at, global const float *dy,
                                        ulong dy_at, global float *dx, ulong dx_at, int n, int add)
{
    local float s[LANES];
    ulong row = (ulong)get_group_id(0) * n;
    y += y_at + row;
    dy += dy_at + row;
    dx += dx_at + row;
    float lane = 0.0f;
    for (int i = get_local_id(0); i < n; i += LANES) {
        lane = iso_fma(dy[i], y[i], lane);
    }
    float dot_row = lane_sum(s, lane);
    for (int i = get_local_id(0); i < n; i += LANES) {
        float d = iso_softmax_grad(y[i], dy[i], dot_row);
        dx[i] = add ? dx[i] + d : d;
    }
}
