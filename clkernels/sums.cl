/* sums.cl: sums over rows, and over whole tensors in blocks of ISO_BLOCK_ELEMENTS
 * (core/arithmetic/order.h).
 */
#include "common.h"
#include "rows.h"

/* out[b] = sum over block b of x [n], of |x| or x x (enum iso_sum_of). A block is a row's work. */
kernel void sums_elements(global const float *x, ulong x_at, global float *out, ulong out_at,
                          uint n, int of)
{
    enum { AHEAD = 8 }; /* loads on their way at a time */
    local float s[GROUP_LANES];
    const uint blocks = (n - 1) / ISO_BLOCK_ELEMENTS + 1, block = own_row(blocks);
    const uint start = block * ISO_BLOCK_ELEMENTS;
    const uint end = n - start < ISO_BLOCK_ELEMENTS ? n : start + ISO_BLOCK_ELEMENTS;
    uint i = start + get_local_id(0);
    float lane = start_of_sum();
    x += x_at;
    for (; end - start == ISO_BLOCK_ELEMENTS && i < end; i += AHEAD * ISO_LANES) {
        float next[AHEAD];
        UNROLLED(k, AHEAD)
            next[k] = x[i + k * ISO_LANES];
        UNROLLED(k, AHEAD)
            lane = iso_sum_term(of, next[k], lane);
    }
    for (; i < end; i += ISO_LANES)
        lane = iso_sum_term(of, x[i], lane);
    float total = lane_sum(s, lane);
    if (get_local_id(0) == 0 && writes_row(blocks))
        out[out_at + block] = end_of_sum(total);
}

/* y[p, c] = sum of x[r, c] over the rows of place p; or, of the only block, into y[c] or added to
 * it. */
kernel void sums_blocks(global const float *x, ulong x_at, global float *y, ulong y_at, int cols,
                        int rows, int image, int only, int add)
{
    local float stage[STAGE(ISO_BLOCK_ROWS)];
    const struct iso_rows r = { rows, image };
    int c = get_global_id(0), place = own_place(), end, row = own_block(r, &end), first = row;
    float sum = start_of_sum();
    x = own_column(x + x_at, cols);
    load_rows(stage, ISO_BLOCK_ROWS, x, cols, row, end);
    if (c >= cols || !adds(0) || (only && place > 0))
        return;
    for (; row < end; row++)
        sum = add_term(sum, loaded_row(stage, first, x, cols, row));
    sum = end_of_sum(sum);
    y += y_at + (ulong)place * cols + c;
    *y = add ? *y + sum : sum;
}

/* y[c] = the sum over all places of column c, or added to y. */
kernel void sums_places(global const float *places, ulong places_at, global float *y, ulong y_at,
                        int cols, int groups, int add)
{
    local float s[LANES];
    int c = get_global_id(0);
    float sum = add_groups(s, places + places_at + c, cols, c < cols, groups);
    y += y_at + c;
    if (c < cols && own_lane() == 0)
        *y = add ? *y + sum : sum;
}

/* Adds the sums [parts, n] in ascending order to a total that starts at +0 (first) or where the
 * call before left it; the last call puts it into y, or adds it to y, with bias [cols] before that
 * where cols is not 0, and then the activation: 1 + its formula; 0: none. */
kernel void sums_total(global const float *sums, ulong sums_at, global float *total, ulong total_at,
                       global const float *bias, ulong bias_at, global float *y, ulong y_at, int n,
                       int parts, int cols, int first, int last, int add, int activation,
                       float alpha)
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
    if (activation != 0)
        sum = iso_act(activation - 1, alpha, sum);
    y[y_at + i] = add ? y[y_at + i] + sum : sum;
}

/* y = sum of x [n], divided by `count`: of rows, whose blocks
 * have `size` = ISO_BLOCK_ROWS elements, or of sums of blocks, `size` = 1. One group: all its
 * work-items load elements, OPENCL_SCALAR_BLOCKS of them add a block each, and one adds these. */
kernel void sums_scalar(global const float *x, ulong x_at, global float *y, ulong y_at, int n,
                        int size, float count)
{
    enum { APART = ISO_BLOCK_ROWS + 1 }; /* blocks in local memory, so that banks differ */
    local float stage[OPENCL_SCALAR_BLOCKS * APART], block[OPENCL_SCALAR_BLOCKS];
    const int item = get_local_id(0), items = get_local_size(0);
    float total = start_of_sum();
    x += x_at;
    for (int base = 0; base < n; base += OPENCL_SCALAR_BLOCKS * size) {
        for (int i = item; i < OPENCL_SCALAR_BLOCKS * size; i += items)
            stage[size > 1 ? i / ISO_BLOCK_ROWS * APART + i % ISO_BLOCK_ROWS : i * APART] =
                base + i < n ? x[base + i] : 0.0f;
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < OPENCL_SCALAR_BLOCKS) {
            float sum = start_of_sum();
            for (int i = 0; i < size; i++)
                sum = add_term(sum, stage[item * APART + i]);
            block[item] = end_of_sum(sum);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int g = 0; item == 0 && g < OPENCL_SCALAR_BLOCKS; g += ISO_GROUP_BLOCKS) {
            float group = start_of_sum();
            for (int b = g; b < g + ISO_GROUP_BLOCKS; b++)
                group = add_term(group, block[b]);
            total = add_term(total, group);
        }
    }
    if (item == 0)
        y[y_at] = iso_div(end_of_sum(total), count);
}
