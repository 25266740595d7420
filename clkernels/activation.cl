/* activation.cl: elementwise functions, and softmax and log_softmax over the last axis. */
#include "common.h"
#include "elements.h"
#include "softmax.h"

/* One pair of kernels for each function, so that a CPU's compiler sees no branch to vectorise over.
 */
#define ACTIVATION(name, NAME, ...)                                                               \
    kernel void activation_##name(global const float *x, ulong x_at, global float *y, ulong y_at, \
                                  uint n, float alpha)                                            \
    {                                                                                             \
        EACH_ELEMENT(i, n) { y[y_at + i] = iso_act(ISO_##NAME, alpha, x[x_at + i]); }             \
    }                                                                                             \
    kernel void activation_##name##_backward(                                                     \
        global const float *y, ulong y_at, global const float *dy, ulong dy_at, global float *dx, \
        ulong dx_at, uint n, float alpha, int add)                                                \
    {                                                                                             \
        EACH_ELEMENT(i, n)                                                                        \
        {                                                                                         \
            float d = iso_act_grad(ISO_##NAME, alpha, y[y_at + i], dy[dy_at + i]);                \
            dx[dx_at + i] = add ? dx[dx_at + i] + d : d;                                          \
        }                                                                                         \
    }
ISO_ELEMENTWISE(ACTIVATION)

kernel void activation_softmax(global const float *x, ulong x_at, global float *y, ulong y_at,
                               int n, uint rows)
{
    local int si[GROUP_LANES];
    local float s[GROUP_LANES];
    const uint row = own_row(rows) * n;
    float max, sum;
    x += x_at + row;
    y += y_at + row;
    softmax_row(si, s, x, n, &max, &sum);
    barrier(CLK_GLOBAL_MEM_FENCE); /* y may be x, which other lanes have read */
    for (int i = get_local_id(0); writes_row(rows) && i < n; i += ISO_LANES)
        y[i] = iso_softmax(x[i], max, sum);
}

kernel void activation_softmax_backward(global const float *y, ulong y_at, global const float *dy,
                                        ulong dy_at, global float *dx, ulong dx_at, int n,
                                        uint rows, int add)
{
    local float s[GROUP_LANES];
    const uint row = own_row(rows) * n;
    y += y_at + row;
    dy += dy_at + row;
    dx += dx_at + row;
    AXIS_SUM(dot_row, s, n, iso_fma(dy[i], y[i], lane))
    barrier(CLK_GLOBAL_MEM_FENCE); /* dx may be dy */
    for (int i = get_local_id(0); writes_row(rows) && i < n; i += ISO_LANES) {
        float d = iso_softmax_grad(y[i], dy[i], dot_row);
        dx[i] = add ? dx[i] + d : d;
    }
}

kernel void activation_log_softmax(global const float *x, ulong x_at, global float *y, ulong y_at,
                                   int n, uint rows)
{
    local int si[GROUP_LANES];
    local float s[GROUP_LANES];
    const uint row = own_row(rows) * n;
    float max, sum;
    x += x_at + row;
    y += y_at + row;
    softmax_row(si, s, x, n, &max, &sum);
    const float log_sum = iso_log(sum);
    for (int i = get_local_id(0); writes_row(rows) && i < n; i += ISO_LANES)
        y[i] = iso_log_softmax(x[i], max, log_sum);
}

kernel void activation_log_softmax_backward(global const float *y, ulong y_at,
                                            global const float *dy, ulong dy_at, global float *dx,
                                            ulong dx_at, int n, uint rows, int add)
{
    local float s[GROUP_LANES];
    const uint row = own_row(rows) * n;
    y += y_at + row;
    dy += dy_at + row;
    dx += dx_at + row;
    AXIS_SUM(total, s, n, add_term(lane, dy[i]))
    for (int i = get_local_id(0); writes_row(rows) && i < n; i += ISO_LANES) {
        float d = iso_log_softmax_grad(y[i], dy[i], total);
        dx[i] = add ? dx[i] + d : d;
    }
}
