/* peak.cl: kernels that do one thing only, as fast as the device can: what others are judged by. */
#include "common.h"

/* Chains of fmas in each work-item, enough to hide the latency of an fma. */
#define CHAINS 16

kernel void peak_fma(global float *out, ulong out_at, int rounds, float a, float b)
{
    float chain[CHAINS];
    float sum = 0;
    UNROLLED(i, CHAINS)
        chain[i] = (float)(get_global_id(0) + i);
    for (int r = 0; r < rounds; r++)
        UNROLLED(i, CHAINS)
            chain[i] = iso_fma(chain[i], a, b);
    UNROLLED(i, CHAINS)
        sum += chain[i];
    out[out_at + get_global_id(0)] = sum;
}

kernel void peak_copy(global const float4 *from, ulong from_at, global float4 *to, ulong to_at,
                      uint n)
{
    uint i = get_global_id(0);
    if (i < n)
        to[to_at + i] = from[from_at + i];
}

kernel void peak_triad(global const float4 *a, ulong a_at, global const float4 *b, ulong b_at,
                       global float4 *to, ulong to_at, uint n, float s)
{
    uint i = get_global_id(0);
    if (i < n)
        to[to_at + i] = a[a_at + i] + s * b[b_at + i];
}
