/* sums_cpu.cl: sums over rows (core/arithmetic/order.h) on CPU-shaped devices. */
#include "common.h"
#include "columns_cpu.h"

/* y[g, c] = sum of x[r, c] over the rows of group g, or added to y. A work-item takes a vector of
 * columns. */
KERNEL sums_cpu_groups(global const float *x, ulong x_at, global float *y, ulong y_at, int cols,
                       int rows, int image, int add)
{
    const struct iso_rows r = { rows, image };
    const int c = get_group_id(0) * VECTOR, g = get_group_id(1), n = cols - c;
    const vec group = sum_group(r, x + x_at + c, cols, n, iso_group_begin(r, g));
    y += y_at + (ulong)g * cols + c;
    store_some(add ? load_some(y, n) + group : group, y, n);
}
