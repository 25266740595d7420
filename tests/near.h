/* near.h: numbers with a bound on their error, for tests of how far a formula in float may be from
 * the exact one. Each operation adds what its operands' errors become, to first order, to its own
 * rounding. core/arithmetic/bounds.md says what a sum's rounding is taken to be. */
#ifndef ISO_TEST_NEAR_H
#define ISO_TEST_NEAR_H
#include "core/arithmetic/bounds.h"

#include <float.h>
#include <math.h>
#include <stdint.h>

struct near {
    double v, e; /* the exact value, and how far the computed one may be from it */
};
static const double near_unit = FLT_EPSILON / 2; /* the largest relative error of one rounding */

/* Returns v, off by e and by so many roundings of it; what is subnormal becomes 0. */
static inline struct near near_rounded(double v, double e, double roundings)
{
    return (struct near){ v, e + roundings * near_unit * fabs(v) + FLT_MIN };
}
/* An input, which is exact; and a parameter, which is rounded once. */
static inline struct near near_input(double v) { return (struct near){ v, 0 }; }
static inline struct near near_parameter(double v)
{
    return (struct near){ v, near_unit * fabs(v) };
}
/* A parameter whose rounding is known: 0 where a float holds it. */
static inline struct near near_constant(double v)
{
    return (struct near){ v, fabs(v - (double)(float)v) };
}
static inline struct near near_negative(struct near a) { return (struct near){ -a.v, a.e }; }
/* a b + c in one rounding. */
static inline struct near near_fma(struct near a, struct near b, struct near c)
{
    return near_rounded(a.v * b.v + c.v, fabs(a.v) * b.e + fabs(b.v) * a.e + c.e, 1);
}
static inline struct near near_add(struct near a, struct near b)
{
    return near_rounded(a.v + b.v, a.e + b.e, 1);
}
static inline struct near near_sub(struct near a, struct near b)
{
    return near_rounded(a.v - b.v, a.e + b.e, 1);
}
static inline struct near near_mul(struct near a, struct near b)
{
    return near_rounded(a.v * b.v, fabs(a.v) * b.e + fabs(b.v) * a.e, 1);
}
static inline struct near near_div(struct near a, struct near b)
{
    return near_rounded(a.v / b.v, (a.e + fabs(a.v / b.v) * b.e) / fabs(b.v), 1);
}
/* The functions of core/arithmetic/arith.h, with the ULP that stand beside them there; an ULP is at
 * most two roundings. */
static inline struct near near_exp(struct near a)
{
    return near_rounded(exp(a.v), exp(a.v) * a.e, 2 * 0.655);
}
static inline struct near near_expm1(struct near a)
{
    return near_rounded(expm1(a.v), exp(a.v) * a.e, 2 * 0.884);
}
static inline struct near near_log(struct near a)
{
    return near_rounded(log(a.v), a.e / fabs(a.v), 2 * 0.598);
}
static inline struct near near_log1p(struct near a)
{
    return near_rounded(log1p(a.v), a.e / fabs(1 + a.v), 2 * 0.617);
}
static inline struct near near_sigmoid(struct near a)
{
    const double v = 1 / (1 + exp(-a.v));
    return near_rounded(v, v * (1 - v) * a.e, 2 * 0.794);
}
static inline struct near near_rsqrt(struct near a)
{
    const double v = 1 / sqrt(a.v);
    return near_rounded(v, v * a.e / (2 * a.v), 2 * 1.491);
}
static inline struct near near_pow(struct near a, struct near b)
{
    const double v = pow(a.v, b.v);
    return near_rounded(v, v * (fabs(b.v / a.v) * a.e + fabs(log(a.v)) * b.e), 2 * 0.647);
}

/* A sum in the making: its value, its terms' errors, and S, the sum of their absolute values. */
struct near_sum {
    double v, e, s;
};
static inline void near_term(struct near_sum *sum, struct near a)
{
    sum->v += a.v;
    sum->e += a.e;
    sum->s += fabs(a.v);
}
/* A term a b of a chain of fma, whose product is not rounded. */
static inline void near_product(struct near_sum *sum, struct near a, struct near b)
{
    near_term(sum, (struct near){ a.v * b.v, fabs(a.v) * b.e + fabs(b.v) * a.e });
}
/* Returns the sum of terms that pass through `chain` roundings each (core/ops/infer.h). */
static inline struct near near_total(const struct near_sum *sum, int64_t chain)
{
    const double rounding = ISO_BOUND_DIRECT * FLT_EPSILON * sqrt((double)chain) * sum->s;
    return (struct near){ sum->v, sum->e + rounding + FLT_MIN };
}
#endif
