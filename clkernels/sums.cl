/* sums.cl: sums over rows, and over whole tensors in blocks of ISO_BLOCK_ELEMENTS (core/order.h).
 */
#include "common.h"
#include "rows.h"

/* out[b] = sum over block b of x [n], of |x| or x x (enum iso_sum_of). One group of ISO_LANES
 * work-items a block. */
kernel void sums_elements(global const float *x, ulong x_at, global float *out, ulong out_at,
                          uint n, int of)
{
    local float s[ISO_LANES];
    uint start = (uint)get_group_id(0) * ISO_BLOCK_ELEMENTS;
    uint end = n - start < ISO_BLOCK_ELEMENTS ? n : start + ISO_BLOCK_ELEMENTS;
    float lane = start_of_sum();
    x += x_at;
    for (uint i = start + get_local_id(0); i < end; i += ISO_LANES)
        lane = iso_sum_term(of, x[i], lane);
    float total = lane_sum(s, lane);
    if (get_local_id(0) == 0)
        out[out_at + get_group_id(0)] = end_of_sum(total);
}

/* y[g, c] = sum of x[r, c] over the rows of group g, or added to y. */
kernel void sums_groups(global const float *x, ulong x_at, global float *y, ulong y_at, int cols,
                        int rows, int image, int add)
{
    local float s[LANES];
    const struct iso_rows r = { rows, image };
    int c = get_global_id(0), end, row = own_block(r, &end);
    float sum = start_of_sum();
    x += x_at + c;
    for (; c < cols && row < end; row++)
        sum = add_term(sum, x[(ulong)row * cols]);
    float group = add_lanes(s, sum, start_of_sum());
    y += y_at + (ulong)get_group_id(1) * cols + c;
    if (c < cols && get_local_id(1) == 0)
        *y = add ? *y + group : group;
}

/* Adds the sums [parts, n] in ascending order to a total that starts at +0 (first) or where the
 * call before left it; the last call puts it into y, or adds it to y, with bias [cols] before that
 * where cols is not 0. */
kernel void sums_total(global const float *sums, ulong sums_at, global float *total, ulong total_at,
                       global const float *bias, ulong bias_at, global float *y, ulong y_at, int n,
                       int parts, int cols, int first, int last, int add)
{
    enum { AHEAD = 8 }; /* loads on their way at a time */
    int i = get_global_id(0), part = 0;
    if (i >= n)
        return;
    float sum = first ? start_of_sum() : total[total_at + i];
    sums += sums_at + i;
    for (; part + AHEAD <= parts; part += AHEAD) {
        float next[AHEAD];
        UNROLLED(k, AHEAD)
            next[k] = sums[(ulong)(part + k) * n];
        UNROLLED(k, AHEAD)
            sum = add_term(sum, next[k]);
    }
    for (; part < parts; part++)
        sum = add_term(sum, sums[(ulong)part * n]);
    sum = end_of_sum(sum);
    if (!last) {
        total[total_at + i] = sum;
        return;
    }
    sum = cols != 0 ? sum + bias[bias_at + i % cols] : sum;
    y[y_at + i] = add ? y[y_at + i] + sum : sum;
}

/* y = sum of x[rows], divided by `count`. One group of OPENCL_SCALAR_ITEMS work-items, each taking
 * one block at a time. */
kernel void sums_scalar(global const float *x, ulong x_at, global float *y, ulong y_at, int rows,
                        float count)
{
    local float block[OPENCL_SCALAR_ITEMS];
    int item = get_local_id(0);
    float total = start_of_sum();
    x += x_at;
    for (int base = 0; base < rows; base += OPENCL_SCALAR_ITEMS * ISO_BLOCK_ROWS) {
        int start = base + item * ISO_BLOCK_ROWS;
        float sum = start_of_sum();
        for (int r = start; r < start + ISO_BLOCK_ROWS && r < rows; r++)
            sum = add_term(sum, x[r]);
        block[item] = end_of_sum(sum);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int g = 0; item == 0 && g < OPENCL_SCALAR_ITEMS; g += ISO_GROUP_BLOCKS) {
            float group = start_of_sum();
            for (int b = g; b < g + ISO_GROUP_BLOCKS; b++)
                group = add_term(group, block[b]);
            total = add_term(total, group);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    total = end_of_sum(total);
    if (item == 0)
        y[y_at] = iso_div(total, count);
}
