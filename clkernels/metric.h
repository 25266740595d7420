/* metric.h: what the metrics share. A work-item looks at a row: there are few classes. */

/* The index of the first maximum of z[0..n), NaN winning. */
static inline int row_first_max(global const float *z, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++) {
        if (iso_beats(z[i], z[best])) {
            best = i;
        }
    }
    return best;
}

/* The class of the row's target: t holds classes, or one real number a class, of which the first
 * largest counts. */
static inline int target_class(global const int *t, ulong t_at, ulong row, int n, int sparse)
{
    return sparse ? t[t_at + row] : row_first_max((global const float *)t + t_at + row * n, n);
}
