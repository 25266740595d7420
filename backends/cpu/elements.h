/* elements.h: divides the elements of kernels without products among threads, and sums along a
 * contiguous axis. Inner loops are plain C without branches, which compilers vectorize. */
#ifndef ISO_CPU_ELEMENTS_H
#define ISO_CPU_ELEMENTS_H
#include "core/arithmetic/formulas.h"
#include "cpu.h"

/* Elements per unit of work: some microseconds, so that a small tensor stays on one thread. */
enum { ISO_CPU_UNIT = 16384 };
#define ISO_CPU_INLINE static inline __attribute__((always_inline))

/* The range [begin, end) of a unit, if `count` things are divided into units of `each`. */
struct iso_range {
    int64_t begin, end;
};
static inline struct iso_range iso_cpu_range(int64_t unit, int64_t each, int64_t count)
{
    return (struct iso_range){ unit * each, iso_min64((unit + 1) * each, count) };
}
/* Returns the rows per unit, if a row costs as much as `cost` simple elements. */
static inline int64_t iso_cpu_unit_rows(int64_t cost)
{
    return iso_max64(1, ISO_CPU_UNIT / iso_max64(1, cost));
}

/* Returns gradient + sum if add, else sum; sum must be complete. */
static inline float iso_cpu_put(float gradient, float sum, bool add)
{
    return add ? gradient + sum : sum;
}

/* Does the same for n gradients. */
static inline void iso_cpu_store(float *restrict gradient, const float *restrict sum, int64_t n,
                                 bool add)
{
    if (!add)
        memcpy(gradient, sum, (size_t)n * sizeof *sum);
    for (int64_t i = 0; add && i < n; i++)
        gradient[i] = gradient[i] + sum[i];
}

/* Ends a block of a sum along an axis: lane l takes lane l + 8, then l + 4, l + 2, l + 1. */
static inline float iso_cpu_lanes_total(float lane[ISO_LANES])
{
    for (int half = ISO_LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] = lane[l] + lane[l + half];
    return lane[0];
}

/* Returns the maximum of x [n], n > 0; NaN if x has one. Of zeros of both signs it may return
 * either; the reference returns the first. This is harmless: it changes at most the sign of a zero
 * z - m, whose exp is 1, and log p = (z - m) - log s keeps that sign only if log s is 0, that is if
 * the zero is the only element. */
static inline float iso_cpu_max(const float *x, int64_t n)
{
    float best[ISO_LANES], last[ISO_LANES];
    for (int l = 0; l < ISO_LANES; l++)
        best[l] = last[l] = x[0];
    const int64_t whole = n - n % ISO_LANES;
    for (int64_t i = 0; i < whole; i += ISO_LANES)
        for (int l = 0; l < ISO_LANES; l++)
            best[l] = iso_beats(x[i + l], best[l]) ? x[i + l] : best[l];
    memcpy(last, x + whole, (size_t)(n - whole) * sizeof *x);
    for (int half = ISO_LANES; half > 0; half /= 2)
        for (int l = 0; l < half; l++) {
            const float other = half == ISO_LANES ? last[l] : best[l + half];
            best[l] = iso_beats(other, best[l]) ? other : best[l];
        }
    return best[0];
}

/* Computes e[i] = exp(z[i] - max) for a block and returns the block's sum. */
static inline float iso_cpu_exp_block(const float *z, int64_t n, float max, float *e)
{
    float lane[ISO_LANES] = { 0.0f }, term[ISO_LANES];
    for (int64_t i = 0; i < n; i += ISO_LANES) {
        const int live = (int)iso_min64(ISO_LANES, n - i);
        if (live == ISO_LANES)
            memcpy(term, z + i, sizeof term);
        else
            memcpy(term, z + i, (size_t)live * sizeof *term);
        for (int l = 0; l < ISO_LANES; l++)
            term[l] = iso_softmax_exp(term[l], max);
        for (int l = 0; l < ISO_LANES; l++)
            lane[l] = l < live ? lane[l] + term[l] : lane[l];
        if (e != NULL && live == ISO_LANES)
            memcpy(e + i, term, sizeof term);
        else if (e != NULL)
            memcpy(e + i, term, (size_t)live * sizeof *term);
    }
    return iso_cpu_lanes_total(lane);
}

/* Does the same for a row. e may be z, or NULL if only the sum is wanted. */
static inline float iso_cpu_exp_row(const float *z, int64_t n, float max, float *e)
{
    float total = 0.0f;
    for (int64_t i = 0; i < n; i += ISO_BLOCK_ELEMENTS)
        total = total + iso_cpu_exp_block(z + i, iso_min64(ISO_BLOCK_ELEMENTS, n - i), max,
                                          e != NULL ? e + i : NULL);
    return total;
}

/* Return the sum of a b: of a block of a row, and along a row. */
static inline float iso_cpu_dot_block(const float *a, const float *b, int64_t n)
{
    float lane[ISO_LANES] = { 0.0f };
    const int64_t whole = n - n % ISO_LANES;
    for (int64_t i = 0; i < whole; i += ISO_LANES)
        for (int l = 0; l < ISO_LANES; l++)
            lane[l] = iso_fma(a[i + l], b[i + l], lane[l]);
    for (int64_t i = whole; i < n; i++)
        lane[i - whole] = iso_fma(a[i], b[i], lane[i - whole]);
    return iso_cpu_lanes_total(lane);
}
static inline float iso_cpu_dot_row(const float *a, const float *b, int64_t n)
{
    float total = 0.0f;
    for (int64_t i = 0; i < n; i += ISO_BLOCK_ELEMENTS)
        total = total + iso_cpu_dot_block(a + i, b + i, iso_min64(ISO_BLOCK_ELEMENTS, n - i));
    return total;
}
#endif
