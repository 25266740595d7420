/* sums.cl: sums over rows, in blocks of ISO_BLOCK_ROWS rows that start anew at each image, and over
 * whole tensors, in blocks of ISO_BLOCK_ELEMENTS. */
#include "common.h"
#include "arguments.h"
#include "blocks.h"

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

/* out[b, c] = sum of x[r, c] over the rows of block b. */
kernel void sums_blocks(global const float *x, ulong x_at, global float *out, ulong out_at,
                        int cols, int group_rows, int blocks)
{
    int c = get_global_id(0) % cols, b = get_global_id(0) / cols, rows;
    if (b >= blocks)
        return;
    x += x_at + block_start(b, c, cols, group_rows, &rows);
    float sum = start_of_sum();
    for (int r = 0; r < rows; r++)
        sum = add_term(sum, x[(ulong)r * cols]);
    out[out_at + (ulong)b * cols + c] = end_of_sum(sum);
}

/* Adds the block sums [blocks, n] in ascending order to a total that starts at +0 (first) or where
 * the call before left it; the last call puts it into y, or adds it to y. */
kernel void sums_total(global const float *sums, ulong sums_at, global float *total, ulong total_at,
                       global float *y, ulong y_at, int n, int blocks, int first, int last, int add)
{
    int i = get_global_id(0);
    if (i >= n)
        return;
    float sum = first ? start_of_sum() : total[total_at + i];
    sums += sums_at + i;
    for (int b = 0; b < blocks; b++)
        sum = add_term(sum, sums[(ulong)b * n]);
    sum = end_of_sum(sum);
    if (!last)
        total[total_at + i] = sum;
    else
        y[y_at + i] = add ? y[y_at + i] + sum : sum;
}

/* y = sum of x[rows], divided by rows when `mean`. One group of OPENCL_SCALAR_ITEMS work-items,
 * each taking one block at a time. */
kernel void sums_scalar(global const float *x, ulong x_at, global float *y, ulong y_at, int rows,
                        int mean)
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
        if (item == 0)
            for (int b = 0; b < OPENCL_SCALAR_ITEMS && base + b * ISO_BLOCK_ROWS < rows; b++)
                total = add_term(total, block[b]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    total = end_of_sum(total);
    if (item == 0)
        y[y_at] = mean ? iso_div(total, (float)rows) : total;
}
