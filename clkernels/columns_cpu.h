/* columns_cpu.h: sums over rows (core/arithmetic/order.h), a vector of columns at a time, on
 * CPU-shaped devices. */
#ifndef ISO_CLKERNELS_COLUMNS_CPU_H
#define ISO_CLKERNELS_COLUMNS_CPU_H
#include "vectors.h"

enum { AT_ONCE = 4 }; /* blocks whose sums grow together, so that one need not wait for another */

/* Adds AT_ONCE blocks, each of `rows` rows, to the sum of their group. */
INLINE vec add_blocks_at_once(global const float *x, int cols, int n, int rows, vec group)
{
    vec sums[AT_ONCE];
    UNROLLED(b, AT_ONCE)
        sums[b] = (vec)(start_of_sum());
    for (int i = 0; i < rows; i++)
        UNROLLED(b, AT_ONCE)
            sums[b] = sums[b] + load_some(x + ((long)b * rows + i) * cols, n);
    UNROLLED(b, AT_ONCE)
        group = group + sums[b];
    return group;
}

/* Returns the sums of the group of rows that begins at row `at`, of n columns from x on. A group
 * of as many rows as there can be consists of whole blocks. */
INLINE vec sum_group(const struct iso_rows r, global const float *x, int cols, int n, int at)
{
    const int stop = iso_group_end(r, at), rows = iso_block_rows(r);
    const bool whole = stop - at == ISO_GROUP_BLOCKS * rows;
    vec group = (vec)(start_of_sum());
    for (int row = at; whole && row < stop; row += AT_ONCE * rows)
        group = add_blocks_at_once(x + (long)row * cols, cols, n, rows, group);
    for (int row = at, end; !whole && row < stop; row = end) {
        vec sum = (vec)(start_of_sum());
        end = iso_block_end(r, row);
        for (int i = row; i < end; i++)
            sum = sum + load_some(x + (long)i * cols, n);
        group = group + sum;
    }
    return group;
}

/* y[cols] = the sums of x[rows, cols] over all rows, or added to y: this work-group's share of the
 * columns. */
INLINE void sum_own_columns(const struct iso_rows r, global const float *x, int cols, int add,
                            global float *y)
{
    const int vectors = (cols + VECTOR - 1) / VECTOR, groups = get_num_groups(0);
    const int first = (long)vectors * get_group_id(0) / groups;
    const int end = (long)vectors * (get_group_id(0) + 1) / groups;
    for (int c = first * VECTOR; c < end * VECTOR; c += VECTOR) {
        vec sum = (vec)(start_of_sum());
        for (int at = 0; at < r.rows; at = iso_group_end(r, at))
            sum = sum + sum_group(r, x + c, cols, cols - c, at);
        store_some(add ? load_some(y + c, cols - c) + sum : sum, y + c, cols - c);
    }
}

#endif
