/* accuracy.cl: 1 for each row whose largest prediction is at the target's class, else 0. */
#include "common.h"
#include "metric.h"

kernel void accuracy(global const float *p, ulong p_at, global const int *t, ulong t_at,
                     global float *hit, ulong hit_at, int n, int sparse)
{
    local int s[LANES];
    ulong row = get_group_id(0);
    int best = lane_first_max(s, p + p_at + row * n, n);
    barrier(CLK_LOCAL_MEM_FENCE);      /* all have read s before it is used again */
    int want = target_class(s, t, t_at, row, n, sparse);
    if (get_local_id(0) == 0) {
        hit[hit_at + row] = best == want ? 1.0f : 0.0f;
    }
}
