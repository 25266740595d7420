/* local_response_normalization.cl: normalization across channels
 * (core/ops/local_response_normalization.h). */
#include "common.h"
#include "elements.h"

/* The channels [begin, end) around channel c, counted from c. */
#define AROUND(begin, end, c, channels, half)        \
    const int begin = (c) > (half) ? -(half) : -(c); \
    const int end = (c) + (half) < (channels) ? (half) + 1 : (channels) - (c);

static inline float square_around(global const float *x, int begin, int end)
{
    float square = start_of_sum();
    for (int i = begin; i < end; i++)
        square = iso_fma(x[i], x[i], square);
    return end_of_sum(square);
}

kernel void lrn_forward(global const float *x, ulong x_at, global float *y, ulong y_at, uint n,
                        int channels, int half_size, float scale, float bias, float beta)
{
    EACH_ELEMENT(i, n)
    {
        const int c = (int)((uint)i % (uint)channels);
        AROUND(begin, end, c, channels, half_size)
        const float square = square_around(x + x_at + i, begin, end);
        y[y_at + i] = iso_lrn(x[x_at + i], iso_lrn_power(square, scale, bias, -beta));
    }
}

/* own [n] = dy t^-beta, and part [n] = dy x t^-(beta + 1). */
kernel void lrn_parts(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                      global float *own, ulong own_at, global float *part, ulong part_at, uint n,
                      int channels, int half_size, float scale, float bias, float beta)
{
    EACH_ELEMENT(i, n)
    {
        const int c = (int)((uint)i % (uint)channels);
        AROUND(begin, end, c, channels, half_size)
        const float square = square_around(x + x_at + i, begin, end), d = dy[dy_at + i];
        own[own_at + i] = iso_lrn(d, iso_lrn_power(square, scale, bias, -beta));
        part[part_at + i] =
            iso_lrn_part(x[x_at + i], iso_lrn_power(square, scale, bias, -(beta + 1.0f)), d);
    }
}

kernel void lrn_backward(global const float *x, ulong x_at, global const float *own, ulong own_at,
                         global const float *part, ulong part_at, global float *dx, ulong dx_at,
                         uint n, int channels, int half_size, float factor, int add)
{
    EACH_ELEMENT(i, n)
    {
        const int c = (int)((uint)i % (uint)channels);
        AROUND(begin, end, c, channels, half_size)
        float parts = start_of_sum();
        for (int k = begin; k < end; k++)
            parts = add_term(parts, part[part_at + i + k]);
        const float d = iso_lrn_grad(x[x_at + i], own[own_at + i], factor, end_of_sum(parts));
        dx[dx_at + i] = add ? dx[dx_at + i] + d : d;
    }
}
