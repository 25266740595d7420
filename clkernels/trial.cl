/* trial.cl: data for trying a way to compute a matrix product, and the comparison with another. */
#include "common.h"

/* Pseudo-random numbers in [-1, 1), or their magnitudes. */
kernel void trial_fill(global float *x, ulong x_at, uint n, uint stream, int magnitude)
{
    uint i = get_global_id(0);
    if (i < n) {
        iso_u32x4 r = iso_philox(i, stream, 0, ISO_RANDOM_TEST, 1, 2);
        float v = (float)((int)(r.v[0] >> 7) - (1 << 24)) * 0x1p-24f;
        x[x_at + i] = magnitude ? fabs(v) : v;
    }
}

/* count[item] = elements i = item, item + items, ... whose difference exceeds bound * s[i]; NaN
 * does. */
kernel void trial_compare(global const float *a, ulong a_at, global const float *b, ulong b_at,
                          global const float *s, ulong s_at, global uint *count, ulong count_at,
                          uint n, float bound)
{
    uint bad = 0;
    for (uint i = get_global_id(0); i < n; i += get_global_size(0)) {
        float d = fabs(a[a_at + i] - b[b_at + i]);
        bad += !(d <= bound * s[s_at + i]);
    }
    count[count_at + get_global_id(0)] = bad;
}
