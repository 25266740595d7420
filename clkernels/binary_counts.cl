/* binary_counts.cl: adds 1 to y[c, 2 t + p] for each row whose target and prediction in column c
 * are t and p: 1 above a half, else 0 (core/ops/binary_counts.h). The order of these additions of
 * whole numbers does not matter. */
#include "common.h"
#include "core/arithmetic/formulas.h"

kernel void binary_counts(global const float *p, ulong p_at, global const int *t, ulong t_at,
                          volatile global int *y, ulong y_at, int rows, int n, int sparse)
{
    int c = get_global_id(0), row = get_global_id(1), e = row * n + c;
    if (c >= n || row >= rows)
        return;
    int target = sparse ? t[t_at + row] == c
                        : iso_single_class(((global const float *)t)[t_at + e]);
    atomic_inc(y + y_at + c * 4 + 2 * target + iso_single_class(p[p_at + e]));
}
