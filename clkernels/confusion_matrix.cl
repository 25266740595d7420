/* confusion_matrix.cl: adds 1 to y[t, p] for each row of class t whose first largest prediction is
 * p. The order of these additions of whole numbers does not matter. */
#include "common.h"
#include "metric.h"

kernel void confusion_matrix(global const float *p, ulong p_at, global const int *t, ulong t_at,
                             volatile global int *y, ulong y_at, int n, int sparse)
{
    local int s[LANES];
    ulong row = get_group_id(0);
    int best = lane_first_max(s, p + p_at + row * n, n);
    barrier(CLK_LOCAL_MEM_FENCE);      /* all have read s before it is used again */
    int want = target_class(s, t, t_at, row, n, sparse);
    if (get_local_id(0) == 0) {
        atomic_inc(y + y_at + (ulong)want * n + best);
    }
}
