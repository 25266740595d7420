/* softmax.h: the sums of a softmax of one row, by the 16 work-items of one group. */
#ifndef ISO_CLKERNELS_SOFTMAX_H
#define ISO_CLKERNELS_SOFTMAX_H

/* The row's maximum and the sum of exp(z - max). */
static inline void softmax_row(local int *si, local float *s, global const float *z, int n,
                               float *max, float *sum)
{
    float m = z[lane_first_max(si, z, n)];
    AXIS_SUM(total, s, n, add_term(lane, iso_softmax_exp(z[i], m)))
    *max = m;
    *sum = total;
}

#endif
