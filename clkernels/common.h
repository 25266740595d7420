/* common.h: what every kernel file starts with.
 *
 * A tensor argument is a buffer and the offset of its first element. Grids may be larger than the
 * tensor: each kernel leaves out work-items past its count. */
#ifndef ISO_CLKERNELS_COMMON_H
#define ISO_CLKERNELS_COMMON_H
#pragma OPENCL FP_CONTRACT OFF
#include "core/arith.h"
#include "core/order.h"
#include "core/random.h"
#include "core/formulas.h"

/* A loop whose body stands there so many times, a constant: its arrays stay in registers. */
#define UNROLLED(i, count) _Pragma("unroll") for (int i = 0; i < (count); i++)

/* Where a sum starts: a +0 that compilers cannot see, since some take 0.0 + x for x, which may be
 * -0. (No grid has 2^31 groups.) */
static inline float start_of_sum(void) { return as_float((uint)get_num_groups(0) >> 31); }

/* A finished chain is added to +0: llvmpipe's fma says fma(-1, 0, 0) = -0. */
static inline float end_of_sum(float sum) { return sum + start_of_sum(); }

/* sum + x, for the terms of a sum in a loop, which end_of_sum ends. Intel's compiler for CPUs adds
 * the terms of a plain loop in another order when it vectorises it, though nothing allows it to; it
 * leaves an fma alone. The result is the same, because a product with 1 is exact. */
static inline float add_term(float sum, float x) { return iso_fma(x, 1.0f, sum); }

/* Sum of the 16 lanes' values in the order 8-4-2-1. Called by all 16 work-items of a group; every
 * one gets the sum. s: local memory of 16 floats. */
static inline float lane_sum(local float *s, float value)
{
    int lane = get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    s[lane] = end_of_sum(value);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int step = ISO_LANES / 2; step > 0; step /= 2) {
        float other = lane < step ? s[lane + step] : 0.0f;
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < step)
            s[lane] = s[lane] + other;
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    return s[0];
}

/* total = the sum along an axis of n elements, by the 16 work-items of a group, each of which gets
 * it. term: element i added to its lane's chain, `lane`. */
#define AXIS_SUM(total, s, n, term)                                                     \
    float total = start_of_sum();                                                       \
    for (int begin_ = 0; begin_ < (n); begin_ += ISO_BLOCK_ELEMENTS) {                  \
        int end_ = (n)-begin_ < ISO_BLOCK_ELEMENTS ? (n) : begin_ + ISO_BLOCK_ELEMENTS; \
        float lane = start_of_sum();                                                    \
        for (int i = begin_ + get_local_id(0); i < end_; i += ISO_LANES)                \
            lane = term;                                                                \
        total = add_term(total, lane_sum(s, lane));                                     \
    }

/* Index of the first maximum of z[0..n), NaN winning. Called by all 16 work-items of a group. */
static inline int lane_first_max(local int *s, global const float *z, int n)
{
    int lane = get_local_id(0), best = -1;
    for (int i = lane; i < n; i += ISO_LANES)
        if (best < 0 || iso_beats(z[i], z[best]))
            best = i;
    barrier(CLK_LOCAL_MEM_FENCE);
    s[lane] = best;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int step = ISO_LANES / 2; step > 0; step /= 2) {
        int mine = s[lane], other = lane < step ? s[lane + step] : -1;
        bool takes = other >= 0 && (mine < 0 || iso_beats(z[other], z[mine]) ||
                                    (other < mine && !iso_beats(z[mine], z[other])));
        barrier(CLK_LOCAL_MEM_FENCE);
        if (takes)
            s[lane] = other;
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    return s[0];
}

#endif
