/* metric.h: what the metrics share: one group of 16 work-items looks at a row. */

/* The class of the row's target: t holds classes, or one real number a class, of which the first
 * largest counts. */
static inline int target_class(local int *s, global const int *t, ulong t_at, ulong row, int n,
                               int sparse)
{
    return sparse ? t[t_at + row]
                  : lane_first_max(s, (global const float *)t + t_at + row * n, n);
}

/* Sum of the 16 lanes' whole numbers; every work-item gets it. */
static inline int lane_count(local int *s, int value)
{
    int lane = get_local_id(0), sum = 0;
    barrier(CLK_LOCAL_MEM_FENCE);      /* all have read s before it is used again */
    s[lane] = value;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int l = 0; l < LANES; l++) {
        sum += s[l];
    }
    return sum;
}
