/* softmax.h: the sums of a softmax of one row: the row's maximum, and the sum of exp(z - max). */
#ifndef ISO_CLKERNELS_SOFTMAX_H
#define ISO_CLKERNELS_SOFTMAX_H

/* By the lanes of a row. */
static inline void softmax_row(local int *si, local float *s, global const float *z, int n,
                               float *max, float *sum)
{
    float m = z[lane_first_max(si, z, n)];
    AXIS_SUM(total, s, n, add_term(lane, iso_softmax_exp(z[i], m)))
    *max = m;
    *sum = total;
}

/* AXIS_SUM of a narrow row, of at most ISO_LANES elements, by one work-item. */
#define NARROW_SUM(total, n, term)                     \
    float lanes_[ISO_LANES];                           \
    UNROLLED(i, ISO_LANES) {                           \
        float lane = start_of_sum();                   \
        lanes_[i] = i < (n) ? end_of_sum(term) : lane; \
    }                                                  \
    float total = add_term(start_of_sum(), add_row_lanes(lanes_));

static inline void softmax_narrow(global const float *z, int n, float *max, float *sum)
{
    float m = z[0];
    for (int i = 1; i < n; i++)
        m = iso_beats(z[i], m) ? z[i] : m;
    NARROW_SUM(total, n, add_term(lane, iso_softmax_exp(z[i], m)))
    *max = m;
    *sum = total;
}

#endif
