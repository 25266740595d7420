/* top_k.cl: the number of rows where fewer than k predictions are ahead of the target's. */
#include "common.h"
#include "metric.h"

static inline int is_hit(global const float *p, int n, int target, int k)
{
    int ahead = 0;
    for (int i = 0; i < n; i++)
        ahead += iso_ahead(p[i], p[target]);
    return ahead < k;
}

kernel void top_k(global const float *p, ulong p_at, global const int *t, ulong t_at,
                  global float *hits, ulong hits_at, int rows, int n, int sparse, int k)
{
    local int count;
    const int row = get_global_id(0);
    int hit = 0;
    if (row < rows)
        hit = is_hit(p + p_at + row * n, n, target_class(t, t_at, row, n, sparse), k);
    count_hits(&count, hit, hits + hits_at);
}
