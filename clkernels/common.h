/* common.h: what every kernel file starts with.
 *
 * A tensor argument is a buffer and the offset of its first element. Grids may be larger than the
 * tensor: each kernel leaves out work-items past its count. */
#ifndef ISO_CLKERNELS_COMMON_H
#define ISO_CLKERNELS_COMMON_H
#pragma OPENCL FP_CONTRACT OFF
#include "core/arithmetic/arith.h"
#include "core/arithmetic/order.h"
#include "core/arithmetic/random.h"
#include "core/arithmetic/formulas.h"
#include "arguments.h"

/* A loop that is unrolled a constant number of times, so that its arrays stay in registers. */
#define UNROLLED(i, count) _Pragma("unroll") for (int i = 0; i < (count); i++)

static inline int least(int a, int b) { return a < b ? a : b; }

/* p / by, of p and by at least 0; reciprocal: opencl_reciprocal of by, which takes a division's
 * place. */
static inline int quotient(int p, int by, uint reciprocal)
{
    return reciprocal != 0 ? (int)mul_hi((uint)p, reciprocal) : p / by;
}

/* Returns the +0 at which a sum starts. Compilers cannot see its value: some would replace 0.0 + x
 * by x, although x may be -0. It relies on no grid having 2^31 groups. */
static inline float start_of_sum(void) { return as_float((uint)get_num_groups(0) >> 31); }

/* A finished chain is added to +0: llvmpipe's fma says fma(-1, 0, 0) = -0. */
static inline float end_of_sum(float sum) { return sum + start_of_sum(); }

/* sum + x, for the terms of a sum in a loop, which end_of_sum ends. Intel's compiler for CPUs adds
 * the terms of a plain loop in another order when it vectorises it, though nothing allows it to; it
 * leaves an fma alone. The result is the same, because a product with 1 is exact. */
static inline float add_term(float sum, float x) { return iso_fma(x, 1.0f, sum); }

/* Returns the gradient of an elementwise function's argument, given its result y and the gradient
 * dy of that. activation: 1 + the function's formula, which must be one whose gradient reads the
 * result; 0 returns dy. */
static inline float passed_back(int activation, float alpha, float y, float dy)
{
    return iso_act_grad_of_result(activation - 1, alpha, y, dy);
}

/* Returns the activation of x, of a formula that is short; x of any other number. */
static inline float short_activation(int function, float alpha, float x)
{
#define APPLY(name, NAME)       \
    if (function == ISO_##NAME) \
        return iso_act_##name(alpha, x);
    OPENCL_SHORT_ACTIVATIONS(APPLY)
    return x;
}

/* A row is the work of ISO_LANES work-items, its lanes, and a work-group takes several rows, side
 * by side along its second axis: on a GPU, whose units want 32 or 64 work-items. own_row is the row
 * of a work-item; the last one for those past it, which do the same and write nothing. */
#if SHAPE_CPU
enum { GROUP_ROWS = 1 };
#else
enum { GROUP_ROWS = OPENCL_GROUP_ROWS };
#endif
enum { GROUP_LANES = GROUP_ROWS * ISO_LANES };
static inline uint own_row(uint rows)
{
    const uint row = get_group_id(0) * GROUP_ROWS + get_local_id(1);
    return row < rows ? row : rows - 1;
}
static inline int writes_row(uint rows)
{
    return get_group_id(0) * GROUP_ROWS + get_local_id(1) < rows;
}

/* Sum of the lanes' values in the order 8-4-2-1. */
static inline float add_row_lanes(const float *lane)
{
    float pair[ISO_LANES / 2];
    UNROLLED(i, 8)
        pair[i] = lane[i] + lane[i + 8];
    UNROLLED(i, 4)
        pair[i] = pair[i] + pair[i + 4];
    return (pair[0] + pair[2]) + (pair[1] + pair[3]);
}

/* The same of a row's lanes, by all of which it is called; each gets the sum. s: local memory of
 * GROUP_LANES floats. */
static inline float lane_sum(local float *s, float value)
{
    float all[ISO_LANES];
    s += get_local_id(1) * ISO_LANES;
    barrier(CLK_LOCAL_MEM_FENCE);
    s[get_local_id(0)] = end_of_sum(value);
    barrier(CLK_LOCAL_MEM_FENCE);
    UNROLLED(i, ISO_LANES)
        all[i] = s[i];
    return add_row_lanes(all);
}

/* total = the sum along an axis of n elements, by the lanes of a row, each of which gets it. term:
 * element i added to its lane's chain, `lane`. */
#define AXIS_SUM(total, s, n, term)                                                     \
    float total = start_of_sum();                                                       \
    for (int begin_ = 0; begin_ < (n); begin_ += ISO_BLOCK_ELEMENTS) {                  \
        int end_ = (n)-begin_ < ISO_BLOCK_ELEMENTS ? (n) : begin_ + ISO_BLOCK_ELEMENTS; \
        float lane = start_of_sum();                                                    \
        for (int i = begin_ + get_local_id(0); i < end_; i += ISO_LANES)                \
            lane = term;                                                                \
        total = add_term(total, lane_sum(s, lane));                                     \
    }

/* Index of the first maximum of z[0..n), NaN winning. Called by all lanes of a row; s: local memory
 * of GROUP_LANES ints. */
static inline int lane_first_max(local int *s, global const float *z, int n)
{
    int lane = get_local_id(0), best = -1;
    for (int i = lane; i < n; i += ISO_LANES)
        if (best < 0 || iso_beats(z[i], z[best]))
            best = i;
    s += get_local_id(1) * ISO_LANES;
    barrier(CLK_LOCAL_MEM_FENCE);
    s[lane] = best;
    barrier(CLK_LOCAL_MEM_FENCE);
    float value[ISO_LANES], most = z[s[0]];
    UNROLLED(i, ISO_LANES)
        value[i] = z[s[i] < 0 ? 0 : s[i]];
    best = s[0];
    UNROLLED(i, ISO_LANES) {
        const int earlier = s[i] < best && !iso_beats(most, value[i]);
        const int takes = s[i] >= 0 && (iso_beats(value[i], most) || earlier);
        most = takes ? value[i] : most;
        best = takes ? s[i] : best;
    }
    return best;
}

#endif
