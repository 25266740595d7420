/* accuracy.cl: 1 for each row whose prediction means the target's class, else 0. */
#include "common.h"
#include "metric.h"

kernel void accuracy(global const float *p, ulong p_at, global const int *t, ulong t_at,
                     global float *hit, ulong hit_at, int rows, int n, int sparse)
{
    ulong row = get_global_id(0);
    if (row >= (ulong)rows)
        return;
    int best = row_class(p + p_at + row * n, n);
    hit[hit_at + row] = best == target_class(t, t_at, row, n, sparse) ? 1.0f : 0.0f;
}
