/* confusion_matrix.cl: adds 1 to y[t, p] for each row of class t whose prediction means class p.
 * The order of these additions of whole numbers does not matter. */
#include "common.h"
#include "metric.h"

kernel void confusion_matrix(global const float *p, ulong p_at, global const int *t, ulong t_at,
                             volatile global int *y, ulong y_at, int rows, int n, int sparse)
{
    ulong row = get_global_id(0);
    if (row >= (ulong)rows)
        return;
    int best = row_class(p + p_at + row * n, n);
    ulong target = target_class(t, t_at, row, n, sparse);
    atomic_inc(y + y_at + target * iso_row_classes(n) + best);
}
