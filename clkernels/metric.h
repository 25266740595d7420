/* metric.h: functions shared by the metrics. A work-item takes a row, because there are few
 * classes. */
#ifndef ISO_CLKERNELS_METRIC_H
#define ISO_CLKERNELS_METRIC_H

/* Returns the class that z[0..n) predict: the first maximum, or the first NaN; for a single number,
 * 1 if it is above a half. */
static inline int row_class(global const float *z, int n)
{
    int best = 0;
    if (n == 1)
        return iso_single_class(z[0]);
    float most = z[0];
    for (int i = 1; i < n; i++) {
        best = iso_beats(z[i], most) ? i : best;
        most = iso_beats(z[i], most) ? z[i] : most;
    }
    return best;
}

/* The class of the row's target: t holds classes, or n real numbers that mean one. */
static inline int target_class(global const int *t, ulong t_at, ulong row, int n, int sparse)
{
    return sparse ? t[t_at + row] : row_class((global const float *)t + t_at + row * n, n);
}

/* hits[g] = the number of hits among the rows of work-group g, a whole number, so that the order
 * does not matter. All work-items of a group call it. */
static inline void count_hits(local int *count, int hit, global float *hits)
{
    if (get_local_id(0) == 0)
        *count = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (hit)
        atomic_inc(count);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (get_local_id(0) == 0)
        hits[get_group_id(0)] = (float)*count;
}

#endif
