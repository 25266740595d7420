/* softmax.h: the sums of a softmax of one row, by the 16 work-items of one group. */

/* The row's maximum and the lane sum of exp(z - max). */
static inline void softmax_row(local int *si, local float *s, global const float *z, int n,
                               float *max, float *sum)
{
    float m = z[lane_first_max(si, z, n)], lane = start_of_sum();
    for (int i = get_local_id(0); i < n; i += ISO_LANES)
        lane = add_term(lane, iso_softmax_exp(z[i], m));
    *max = m;
    *sum = lane_sum(s, lane);
}
