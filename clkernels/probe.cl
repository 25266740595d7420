/* probe.cl: fma, and a product and a sum with two roundings. */
#include "common.h"

kernel void probe(global const float *in, ulong in_at, global float *out, ulong out_at)
{
    int i = get_global_id(0);
    float a = in[in_at + 3 * i], b = in[in_at + 3 * i + 1], c = in[in_at + 3 * i + 2];
    out[out_at + 2 * i] = iso_fma(a, b, c);
    out[out_at + 2 * i + 1] = a * b + c;
}
