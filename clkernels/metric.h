/* metric.h: what the metrics share. A work-item looks at a row: there are few classes. */
#ifndef ISO_CLKERNELS_METRIC_H
#define ISO_CLKERNELS_METRIC_H

/* The class that z[0..n) means: its first maximum, NaN winning; of a single number, whether it is
 * above a half. */
static inline int row_class(global const float *z, int n)
{
    int best = 0;
    if (n == 1)
        return iso_single_class(z[0]);
    for (int i = 1; i < n; i++)
        if (iso_beats(z[i], z[best]))
            best = i;
    return best;
}

/* The class of the row's target: t holds classes, or n real numbers that mean one. */
static inline int target_class(global const int *t, ulong t_at, ulong row, int n, int sparse)
{
    return sparse ? t[t_at + row] : row_class((global const float *)t + t_at + row * n, n);
}

#endif
