/* gradient_clipping.cl: a gradient held to a limit. y may be x. */
#include "common.h"

kernel void clip_by_value(global const float *x, ulong x_at, global float *y, ulong y_at, uint n,
                          float limit)
{
    uint i = get_global_id(0);
    if (i < n)
        y[y_at + i] = iso_clip_value(x[x_at + i], limit);
}

/* norm = sqrt(sum of squares [n]), for the kernel below. */
kernel void clip_norm(global const float *squares, ulong squares_at, global float *norm,
                      ulong norm_at, uint n)
{
    if (get_global_id(0) > 0)
        return;
    float sum = start_of_sum();
    for (uint i = 0; i < n; i++)
        sum = add_term(sum, squares[squares_at + i]);
    norm[norm_at] = iso_sqrt(sum);
}

kernel void clip_by_norm(global const float *x, ulong x_at, global const float *norm, ulong norm_at,
                         global float *y, ulong y_at, uint n, float limit)
{
    uint i = get_global_id(0);
    if (i < n)
        y[y_at + i] = iso_clip_norm(x[x_at + i], norm[norm_at], limit);
}
