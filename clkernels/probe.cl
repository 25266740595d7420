/* probe.cl: fma, and a product and a sum with two roundings; sums of products that need local
 * memory and barriers; and a group of any size. */
#include "common.h"

kernel void probe(global const float *in, ulong in_at, global float *out, ulong out_at)
{
    int i = get_global_id(0);
    float a = in[in_at + 3 * i], b = in[in_at + 3 * i + 1], c = in[in_at + 3 * i + 2];
    out[out_at + 2 * i] = iso_fma(a, b, c);
    out[out_at + 2 * i + 1] = a * b + c;
}

/* out[row] = sum of in[k] in[(row + 1) terms + k] over the terms k. Each row is a work-group's. */
kernel void probe_sums(global const float *in, ulong in_at, global float *out, ulong out_at,
                       int terms)
{
    local float s[ISO_LANES];
    int row = get_group_id(0), lane = get_local_id(0);
    global const float *a = in + in_at, *b = a + (row + 1) * terms;
    float sum = start_of_sum();
    for (int k = lane; k < terms; k += ISO_LANES)
        sum = iso_fma(a[k], b[k], sum);
    sum = lane_sum(s, sum);
    if (lane == 0)
        out[out_at + row] = sum;
}

/* out[0] = the number of work-items in the only group. */
kernel void probe_group(global float *out, ulong out_at)
{
    local int there[OPENCL_MAX_GROUP];
    const int item = get_local_id(0);
    there[item] = 1;
    barrier(CLK_LOCAL_MEM_FENCE);
    int count = 0;
    for (int i = 0; item == 0 && i < (int)get_local_size(0); i++)
        count += there[i];
    if (item == 0)
        out[out_at] = count;
}
