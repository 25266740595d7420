/* accuracy.cl: 1 for each row whose largest prediction is at the target's class, else 0.
 * One group of 16 work-items a row. */
#include "common.h"

kernel void accuracy_classes(global const float *p, ulong p_at, global const int *t, ulong t_at,
                             global float *hit, ulong hit_at, int n)
{
    local int si[LANES];
    ulong row = get_group_id(0);
    int best = lane_first_max(si, p + p_at + row * n, n);
    if (get_local_id(0) == 0) {
        hit[hit_at + row] = best == t[t_at + row] ? 1.0f : 0.0f;
    }
}

kernel void accuracy_one_hot(global const float *p, ulong p_at, global const float *t, ulong t_at,
                             global float *hit, ulong hit_at, int n)
{
    local int si[LANES];
    ulong row = get_group_id(0);
    int best = lane_first_max(si, p + p_at + row * n, n);
    barrier(CLK_LOCAL_MEM_FENCE);      /* all have read si before it is used again */
    int want = lane_first_max(si, t + t_at + row * n, n);
    if (get_local_id(0) == 0) {
        hit[hit_at + row] = best == want ? 1.0f : 0.0f;
    }
}
