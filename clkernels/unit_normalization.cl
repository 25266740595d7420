/* unit_normalization.cl: rows divided by their lengths (core/ops/unit_normalization.h). */
#include "common.h"

kernel void unit_normalization(global const float *x, ulong x_at, global float *y, ulong y_at,
                               global float *squares, ulong squares_at, int n, uint rows,
                               float epsilon)
{
    local float s[GROUP_LANES];
    const uint own = own_row(rows), row = own * n;
    x += x_at + row;
    y += y_at + row;
    AXIS_SUM(total, s, n, iso_fma(x[i], x[i], lane))
    const float inverse = iso_unit_inverse(total, epsilon);
    if (writes_row(rows) && get_local_id(0) == 0)
        squares[squares_at + own] = total;
    for (int i = get_local_id(0); writes_row(rows) && i < n; i += ISO_LANES)
        y[i] = iso_unit_scaled(x[i], inverse);
}

kernel void unit_normalization_backward(global const float *y, ulong y_at, global const float *dy,
                                        ulong dy_at, global const float *squares, ulong squares_at,
                                        global float *dx, ulong dx_at, int n, uint rows,
                                        float epsilon, int add)
{
    local float s[GROUP_LANES];
    const uint own = own_row(rows), row = own * n;
    const float total = squares[squares_at + own], inverse = iso_unit_inverse(total, epsilon);
    y += y_at + row;
    dy += dy_at + row;
    dx += dx_at + row;
    AXIS_SUM(sum, s, n, iso_fma(dy[i], y[i], lane))
    const float dot = total > epsilon ? sum : 0.0f;
    for (int i = get_local_id(0); writes_row(rows) && i < n; i += ISO_LANES) {
        const float d = iso_unit_grad(y[i], dy[i], dot, inverse);
        dx[i] = add ? dx[i] + d : d;
    }
}
