/* sums_cpu.cl: sums over rows (core/order.h) on CPU-shaped devices. */
#include "common.h"
#include "vectors.h"

/* y[g, c] = sum of x[r, c] over the rows of group g, or added to y. A work-item takes a vector of
 * columns. */
KERNEL sums_cpu_groups(global const float *x, ulong x_at, global float *y, ulong y_at, int cols,
                       int rows, int image, int add)
{
    const struct iso_rows r = { rows, image };
    const int c = get_group_id(0) * VECTOR, g = get_group_id(1), n = cols - c;
    const int at = iso_group_begin(r, g), stop = iso_group_end(r, at);
    vec group = (vec)(start_of_sum());
    x += x_at + c;
    y += y_at + (ulong)g * cols + c;
    for (int row = at, end; row < stop; row = end) {
        vec sum = (vec)(start_of_sum());
        end = iso_block_end(r, row);
        for (int i = row; i < end; i++)
            sum = sum + load_some(x + (ulong)i * cols, n);
        group = group + sum;
    }
    store_some(add ? load_some(y, n) + group : group, y, n);
}
