/* top_k.cl: 1 for each row where fewer than k predictions are ahead of the target's, else 0. */
#include "common.h"
#include "metric.h"

kernel void top_k(global const float *p, ulong p_at, global const int *t, ulong t_at,
                  global float *hit, ulong hit_at, int rows, int n, int sparse, int k)
{
    ulong row = get_global_id(0);
    if (row >= (ulong)rows)
        return;
    p += p_at + row * n;
    float target = p[target_class(t, t_at, row, n, sparse)];
    int ahead = 0;
    for (int i = 0; i < n; i++)
        ahead += iso_ahead(p[i], target);
    hit[hit_at + row] = ahead < k ? 1.0f : 0.0f;
}
