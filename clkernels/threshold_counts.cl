/* threshold_counts.cl: adds 1 to y[t, k] for each element with target t whose prediction is above k
 * thresholds (core/ops/threshold_counts.h). The order of these additions of whole numbers does not
 * matter. */
#include "common.h"
#include "core/arithmetic/thresholds.h"

kernel void threshold_counts(global const float *p, ulong p_at, global const int *t, ulong t_at,
                             volatile global int *y, ulong y_at, int rows, int n, int sparse)
{
    int c = get_global_id(0), row = get_global_id(1), e = row * n + c;
    if (c >= n || row >= rows)
        return;
    int yes = sparse ? t[t_at + row] == c : ((global const float *)t)[t_at + e] != 0.0f;
    atomic_inc(y + y_at + yes * (ISO_THRESHOLDS + 1) + iso_thresholds_below(p[p_at + e]));
}
