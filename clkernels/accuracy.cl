/* accuracy.cl: the number of rows whose prediction means the target's class. */
#include "common.h"
#include "metric.h"

kernel void accuracy(global const float *p, ulong p_at, global const int *t, ulong t_at,
                     global float *hits, ulong hits_at, int rows, int n, int sparse)
{
    local int count;
    const int row = get_global_id(0);
    int hit = 0;
    if (row < rows)
        hit = row_class(p + p_at + row * n, n) == target_class(t, t_at, row, n, sparse);
    count_hits(&count, hit, hits + hits_at);
}
