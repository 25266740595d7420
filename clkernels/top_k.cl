/* top_k.cl: 1 for each row where fewer than k predictions are ahead of the target's, else 0. */
#include "common.h"
#include "metric.h"

kernel void top_k(global const float *p, ulong p_at, global const int *t, ulong t_at,
                  global float *hit, ulong hit_at, int n, int sparse, int k)
{
    local int s[LANES];
    ulong row = get_group_id(0);
    p += p_at + row * n;
    float target = p[target_class(s, t, t_at, row, n, sparse)];
    int ahead = 0;
    for (int i = get_local_id(0); i < n; i += LANES) {
        ahead += iso_ahead(p[i], target);
    }
    ahead = lane_count(s, ahead);
    if (get_local_id(0) == 0) {
        hit[hit_at + row] = ahead < k ? 1.0f : 0.0f;
    }
}
