/* arith.h: the shared arithmetic, valid C11 and OpenCL C 1.2, with the same bits on every device.
 *
 * A result depends on nothing but + - x, fma, comparisons, selects and integer operations; every
 * sum that takes a product is an iso_fma, so that no compiler has anything left to contract. There
 * are no branches and no loops here, and & and | stand for && and ||, which would be branches, so
 * that compilers vectorize loops over these functions (gcc needs -fno-trapping-math and
 * -fno-math-errno for that; neither changes a result).
 *
 * Zero has one sign: a zero or subnormal operand counts as +0, and a result below FLT_MIN is +0.
 * So 1 / -0 is +inf, and no function here gives -0. (iso_fma is the bare operation.) Any NaN equals
 * any NaN. Otherwise infinities and NaN behave as C11 Annex F specifies for the libm function.
 *
 * Greatest error against libm in double, in ULP of the result (tests/test_arith measures it again,
 * on every float with ISOCL_EXHAUSTIVE=1):
 *
 *     iso_div, iso_sqrt    0.5    correctly rounded
 *     iso_rsqrt            1.491  every float
 *     iso_exp              0.655  every float
 *     iso_expm1            0.884  every float
 *     iso_log              0.598  every float
 *     iso_log1p            0.617  every float
 *     iso_tanh             0.994  every float from 2^-14 to 16 (*)
 *     iso_sin              0.730  every float above 2^-14 (*)
 *     iso_cos              0.729  every float above 2^-14 (*)
 *     iso_erf              1.007  every float from 2^-14 to 16 (*)
 *     iso_sigmoid          0.794  every float from 2^-26 to 128 of both signs (*)
 *     iso_pow              0.647  20 million pairs, half of them with x near 1
 *
 * (*) and every 1009th float outside that range, where the result is x, a multiple of x, or a
 * constant. tanh, sin and erf are exactly odd, cos is exactly even.
 *
 * With ISO_DOUBLE, for measuring accuracy, these functions are libm's in double and iso_flush does
 * nothing.
 *
 * The coefficients are near-minimax fits, rounded to float one after the other from the lowest
 * power up; after each rounding the others were fitted again. */
#ifndef ISO_ARITH_H
#define ISO_ARITH_H

#if defined(__FAST_MATH__) || defined(__FAST_RELAXED_MATH__) || \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "isocl computes exactly: build without fast-math options"
#endif

#define ISO_FN static inline

#ifdef __OPENCL_C_VERSION__

#ifndef ISO_NO_PRAGMA /* defined by the test that shows that the pragma is not needed */
#pragma OPENCL FP_CONTRACT OFF
#endif
#define ISO_R(x) x##f
#define ISO_TABLE constant
typedef uint iso_u32;
typedef int iso_i32;
typedef float iso_real;

ISO_FN iso_u32 iso_mul_hi(iso_u32 a, iso_u32 b) { return mul_hi(a, b); }
ISO_FN iso_real iso_fma(iso_real a, iso_real b, iso_real c) { return fma(a, b, c); }
ISO_FN iso_u32 iso_bits(float x) { return as_uint(x); }
ISO_FN float iso_from_bits(iso_u32 u) { return as_float(u); }

#else

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#if FLT_EVAL_METHOD != 0
#error "isocl computes exactly: floats must be evaluated as floats (on x86: -msse2 -mfpmath=sse)"
#endif
#define ISO_TABLE static const
typedef uint32_t iso_u32;
typedef int32_t iso_i32;

ISO_FN iso_u32 iso_mul_hi(iso_u32 a, iso_u32 b) { return (iso_u32)((uint64_t)a * b >> 32); }

#ifdef ISO_DOUBLE

#define ISO_R(x) x
typedef double iso_real;

ISO_FN int iso_isnan(iso_real x) { return x != x; }
ISO_FN iso_real iso_fma(iso_real a, iso_real b, iso_real c) { return fma(a, b, c); }
ISO_FN iso_real iso_flush(iso_real x) { return x; }
ISO_FN iso_real iso_div(iso_real a, iso_real b) { return a / b; }
ISO_FN iso_real iso_sqrt(iso_real x) { return sqrt(x); }
ISO_FN iso_real iso_rsqrt(iso_real x) { return 1.0 / sqrt(x); }
ISO_FN iso_real iso_exp(iso_real x) { return exp(x); }
ISO_FN iso_real iso_expm1(iso_real x) { return expm1(x); }
ISO_FN iso_real iso_log(iso_real x) { return log(x); }
ISO_FN iso_real iso_log1p(iso_real x) { return log1p(x); }
ISO_FN iso_real iso_tanh(iso_real x) { return tanh(x); }
ISO_FN iso_real iso_sin(iso_real x) { return sin(x); }
ISO_FN iso_real iso_cos(iso_real x) { return cos(x); }
ISO_FN iso_real iso_pow(iso_real x, iso_real y) { return pow(x, y); }
ISO_FN iso_real iso_erf(iso_real x) { return erf(x); }
ISO_FN iso_real iso_sigmoid(iso_real x) { return 1.0 / (1.0 + exp(-x)); }

#else

#define ISO_R(x) x##f
typedef float iso_real;

ISO_FN iso_real iso_fma(iso_real a, iso_real b, iso_real c) { return fmaf(a, b, c); }
ISO_FN iso_u32 iso_bits(float x)
{
    iso_u32 u;
    memcpy(&u, &x, sizeof u);
    return u;
}
ISO_FN float iso_from_bits(iso_u32 u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

#endif
#endif

#ifndef ISO_DOUBLE

/* ---- Pieces -------------------------------------------------------------------------------- */

/* Adding 1.5 * 2^23 rounds a float below 2^22 to an integer, which is then in the low bits. */
#define ISO_ROUND 12582912.0f
#define ISO_ROUND_BITS 0x4B400000u
#define ISO_INFINITY_BITS 0x7F800000u
#define ISO_NAN iso_from_bits(0x7FC00000u)
#define ISO_INFINITY iso_from_bits(ISO_INFINITY_BITS)
/* ln 2 in three pieces; a product of the first with an integer up to 2^9 is exact. */
#define ISO_LN2_HIGH 0x1.62e4p-1f
#define ISO_LN2_LOW 0x1.7f7d1cp-20f
/* The least and the greatest float whose e^x is neither below FLT_MIN nor above FLT_MAX. */
#define ISO_EXP_MIN (-0x1.5d589ep+6f)
#define ISO_EXP_MAX 0x1.62e42ep+6f

ISO_FN int iso_isnan(iso_real x) { return (iso_bits(x) & 0x7FFFFFFFu) > ISO_INFINITY_BITS; }

/* Returns +0 if x is below FLT_MIN in magnitude, zeros of both signs included; otherwise x. */
ISO_FN iso_real iso_flush(iso_real x) { return (iso_bits(x) & ISO_INFINITY_BITS) == 0 ? 0.0f : x; }

ISO_FN float iso_abs(float x) { return iso_from_bits(iso_bits(x) & 0x7FFFFFFFu); }
/* Clamps x to [low, high]; NaN stays NaN. */
ISO_FN float iso_between(float x, float low, float high)
{
    x = x < low ? low : x;
    return x > high ? high : x;
}

ISO_FN float iso_with_sign(float magnitude, float sign)
{
    return iso_from_bits(iso_bits(magnitude) | (iso_bits(sign) & 0x80000000u));
}

/* ---- Division and square root -------------------------------------------------------------- */

/* a / b from fma alone, with the bits of IEEE division between iso_flush of operands and result.
 * Both significands are brought to [1, 2). Four Newton steps give 1/b correctly rounded for all
 * significands but the greatest, where it is put in; hence (Markstein) the last correction of the
 * quotient rounds correctly. */
ISO_FN float iso_div_fma(float a, float b)
{
    iso_u32 ua = iso_bits(iso_flush(a)), ub = iso_bits(iso_flush(b));
    iso_u32 abs_a = ua & 0x7FFFFFFFu, abs_b = ub & 0x7FFFFFFFu, sign = (ua ^ ub) & 0x80000000u;
    float m = iso_from_bits((ua & 0x007FFFFFu) | 0x3F800000u);
    float d = iso_from_bits((ub & 0x007FFFFFu) | 0x3F800000u);
    float y = iso_from_bits(0x7EF311C7u - iso_bits(d));
    y = iso_fma(iso_fma(-d, y, 1.0f), y, y);
    y = iso_fma(iso_fma(-d, y, 1.0f), y, y);
    y = iso_fma(iso_fma(-d, y, 1.0f), y, y);
    y = iso_fma(iso_fma(-d, y, 1.0f), y, y);
    y = (ub & 0x007FFFFFu) == 0x007FFFFFu ? 0x1.000002p-1f : y;
    float q = m * y;
    q = iso_fma(iso_fma(-d, q, m), y, q);
    q = iso_fma(iso_fma(-d, q, m), y, q);

    iso_u32 shift = (abs_a >> 23) - (abs_b >> 23);
    iso_i32 exponent = (iso_i32)(iso_bits(q) >> 23) + (iso_i32)shift;
    iso_u32 u = iso_bits(q) + (shift << 23);
    /* (2 - 2^-23) 2^-127 is the one quotient of two floats that IEEE rounds up to FLT_MIN. */
    int even = (exponent == 0) & ((iso_bits(q) & 0x007FFFFFu) == 0x007FFFFFu) &
               ((ub & 0x007FFFFFu) == 0);
    iso_u32 least = even ? 0x00800000u | sign : 0;
    u = exponent >= 255 ? ISO_INFINITY_BITS : u;
    u = exponent <= 0 ? least : u | sign;
    u = ((abs_b == 0) | (abs_a == ISO_INFINITY_BITS)) ? ISO_INFINITY_BITS | sign : u;
    u = ((abs_a == 0) | (abs_b == ISO_INFINITY_BITS)) ? 0 : u;
    int invalid = ((abs_a == abs_b) & ((abs_a == 0) | (abs_a == ISO_INFINITY_BITS))) |
                  iso_isnan(a) | iso_isnan(b);
    return iso_from_bits(invalid ? 0x7FC00000u : u);
}

/* The square root from fma alone, correctly rounded. The significand is brought to [1, 4); g goes
 * to its root and h to half the inverse of the root (Goldschmidt). */
ISO_FN float iso_sqrt_fma(float x)
{
    iso_u32 u = iso_bits(iso_flush(x)), odd = ((u >> 23) + 1) & 1;
    float m = iso_from_bits((u & 0x007FFFFFu) | (0x3F800000u + (odd << 23)));
    float y = iso_from_bits(0x5F3759DFu - (iso_bits(m) >> 1));
    float g = m * y, h = 0.5f * y, r = iso_fma(-g, h, 0.5f);
    g = iso_fma(g, r, g);
    h = iso_fma(h, r, h);
    r = iso_fma(-g, h, 0.5f);
    g = iso_fma(g, r, g);
    h = iso_fma(h, r, h);
    r = iso_fma(-g, h, 0.5f);
    g = iso_fma(g, r, g);
    h = iso_fma(h, r, h);
    g = iso_fma(iso_fma(-g, g, m), h, g);

    iso_u32 root = iso_bits(g) + ((((u >> 23) - odd + 1) >> 1) << 23) - (64u << 23);
    root = ((u == 0) | (u == ISO_INFINITY_BITS)) ? u : root;
    return iso_from_bits(u > ISO_INFINITY_BITS ? 0x7FC00000u : root);
}

/* a / b, correctly rounded. x / 0 is an infinity of x's sign, 0 / 0 and inf / inf are NaN. */
ISO_FN iso_real iso_div(iso_real a, iso_real b)
{
#if defined(__OPENCL_C_VERSION__) && !defined(ISO_ROUNDS_DIVISION)
    return iso_div_fma(a, b);
#else
    return iso_flush(iso_flush(a) / iso_flush(b));
#endif
}

/* The square root, correctly rounded; NaN below 0. */
ISO_FN iso_real iso_sqrt(iso_real x)
{
#if defined(__OPENCL_C_VERSION__) && !defined(ISO_ROUNDS_DIVISION)
    return iso_sqrt_fma(x);
#elif defined(__OPENCL_C_VERSION__)
    return sqrt(iso_flush(x));
#else
    return sqrtf(iso_flush(x));
#endif
}

/* 1 / sqrt(x), rounded twice; 1.491 ULP. +inf at 0, NaN below. */
ISO_FN iso_real iso_rsqrt(iso_real x) { return iso_div(1.0f, iso_sqrt(x)); }

/* ---- Exponential functions ----------------------------------------------------------------- */

/* (e^r - 1 - r) / r^2 for |r| <= 0.3467. */
ISO_FN float iso_exp_tail(float r)
{
    float p = 0x1.a28178p-13f;
    p = iso_fma(p, r, 0x1.6d4a82p-10f);
    p = iso_fma(p, r, 0x1.110fe8p-7f);
    p = iso_fma(p, r, 0x1.5554eap-5f);
    p = iso_fma(p, r, 0x1.555556p-3f);
    return iso_fma(p, r, 0x1p-1f);
}

/* x = n ln 2 + r + *low with a whole n and |r| <= 0.3467, for |x| < 100. */
ISO_FN float iso_exp_split(float x, float *low, iso_u32 *n)
{
    float t = iso_fma(x, 0x1.715476p+0f, ISO_ROUND), whole = t - ISO_ROUND;
    float r0 = iso_fma(whole, -ISO_LN2_HIGH, x), r = iso_fma(whole, -ISO_LN2_LOW, r0);
    *low = iso_fma(whole, -ISO_LN2_LOW, r0 - r);
    *n = iso_bits(t) - ISO_ROUND_BITS;
    return r;
}

/* e^(r + low) as a sum p + *p_low, p in [0.7, 1.42]. r must not be a product, which could be
 * contracted. */
ISO_FN float iso_exp_sum(float r, float low, float *p_low)
{
    float s = 1.0f + r, t = iso_fma(r * r, iso_exp_tail(r), (r - (s - 1.0f)) + low), p = s + t;
    *p_low = t - (p - s);
    return p;
}

/* e^x; 0.655 ULP. 0 below ln FLT_MIN = -87.33654, inf above 88.72284. */
ISO_FN iso_real iso_exp(iso_real x)
{
    iso_u32 n;
    float low, p_low, r = iso_exp_split(iso_between(x, -88.0f, 89.0f), &low, &n);
    float y = iso_from_bits(iso_bits(iso_exp_sum(r, low, &p_low)) + (n << 23));
    y = x < ISO_EXP_MIN ? 0.0f : y;
    y = x > ISO_EXP_MAX ? ISO_INFINITY : y;
    return iso_isnan(x) ? x : y;
}

/* e^x - 1; 0.884 ULP. -1 below -17.33, inf above 88.72284. */
ISO_FN iso_real iso_expm1(iso_real x)
{
    x = iso_flush(x);
    iso_u32 n;
    float low, r = iso_exp_split(iso_between(x, -20.0f, 89.0f), &low, &n);
    float tail = iso_fma(r * r, iso_exp_tail(r), low);
    /* By half, because 2^n may overflow: scale - 0.5 = h + h_low; h + scale * r = s + s_low. */
    float scale = iso_from_bits((n + 126u) << 23), h = scale - 0.5f;
    float h_low = scale < 0.5f ? scale - (h + 0.5f) : (scale - h) - 0.5f;
    float s = iso_fma(scale, r, h), s_low = iso_fma(scale, r, h - s) + h_low;
    float y = 2.0f * (s + iso_fma(scale, tail, s_low));
    y = iso_abs(x) < 0x1p-25f ? x : y;
    y = x > ISO_EXP_MAX ? ISO_INFINITY : y;
    return iso_isnan(x) ? x : y;
}

/* 1 / (1 + e^-x); 0.794 ULP. 0 below -87.33654. With e = e^-|x| = 2^n (p + p_low), 1 + e is
 * d + d_low and its inverse q + rest * q; the scaling by 2^n comes last, so that nothing before it
 * is subnormal. */
ISO_FN iso_real iso_sigmoid(iso_real x)
{
    iso_u32 n;
    float a = iso_between(-iso_abs(x), ISO_EXP_MIN, 0.0f);
    float low, p_low, r = iso_exp_split(a, &low, &n);
    float p = iso_exp_sum(r, low, &p_low), e = iso_from_bits(iso_bits(p) + (n << 23));
    float d = 1.0f + e, d_low = e - (d - 1.0f), q = iso_div(1.0f, d);
    float rest = iso_fma(-q, d_low, iso_fma(-q, d, 1.0f));
    float least = iso_fma(p, q, iso_fma(p_low, q, p * (rest * q)));
    iso_u32 u = iso_bits(least) + (n << 23);
    u = (iso_i32)u < 0x00800000 ? 0u : u;
    float y = x < 0.0f ? iso_from_bits(u) : iso_fma(rest, q, q);
    y = x < ISO_EXP_MIN ? 0.0f : y;
    return iso_isnan(x) ? x : y;
}

/* tanh x; 0.994 ULP. 1 from 9.011 on. Below 0.9 an odd polynomial, above it
 * 1 - 2 / (e^2|x| + 1). */
ISO_FN iso_real iso_tanh(iso_real x)
{
    x = iso_flush(x);
    float a = iso_abs(x), s = x * x, c = iso_between(a, 0.0f, 10.0f);
    float p = 0x1.20b8d4p-13f;
    p = iso_fma(p, s, -0x1.d7e53p-11f);
    p = iso_fma(p, s, 0x1.9ecceap-9f);
    p = iso_fma(p, s, -0x1.1bc37cp-7f);
    p = iso_fma(p, s, 0x1.655afp-6f);
    p = iso_fma(p, s, -0x1.ba07f2p-5f);
    p = iso_fma(p, s, 0x1.1110aep-3f);
    p = iso_fma(p, s, -0x1.555554p-2f);
    float small = iso_fma(s * x, p, x);
    float large = 1.0f - iso_div(2.0f, iso_exp(2.0f * c) + 1.0f);
    float y = a < 0.9f ? iso_flush(small) : iso_with_sign(large, x); /* some fma make 0 a -0 */
    return iso_isnan(x) ? x : y;
}

/* erf x; 1.007 ULP. 1 from 3.9194 on. Below 0.9 an odd polynomial, above it 1 - e^log(erfc |x|). */
ISO_FN iso_real iso_erf(iso_real x)
{
    x = iso_flush(x);
    float a = iso_abs(x), s = x * x, c = iso_between(a, 0.0f, 4.0f);
    float p = 0x1.4d27fep-14f;
    p = iso_fma(p, s, -0x1.a583b2p-11f);
    p = iso_fma(p, s, 0x1.543f2ap-8f);
    p = iso_fma(p, s, -0x1.b80062p-6f);
    p = iso_fma(p, s, 0x1.ce2d6p-4f);
    p = iso_fma(p, s, -0x1.812740p-2f);
    p = iso_fma(p, s, 0x1.06eba8p-3f);
    float small = iso_fma(x, p, x);
    float l = 0x1.3d05c6p-19f;
    l = iso_fma(l, c, -0x1.3af548p-15f);
    l = iso_fma(l, c, 0x1.f2f46ep-13f);
    l = iso_fma(l, c, -0x1.32099ep-11f);
    l = iso_fma(l, c, -0x1.b23fd8p-10f);
    l = iso_fma(l, c, 0x1.593bcap-6f);
    l = iso_fma(l, c, -0x1.aa1ac8p-4f);
    l = iso_fma(l, c, -0x1.45b642p-1f);
    l = iso_fma(l, c, -0x1.0712c8p-3f);
    float large = 1.0f - iso_exp(iso_fma(l, c, -c));
    float y = a < 0.9f ? small : iso_with_sign(large, x);
    return iso_isnan(x) ? x : y;
}

/* ---- Logarithms ---------------------------------------------------------------------------- */

/* k ln 2 + log(1 + f + low) for f in [-1/3, 1/3] and a low that is a rounding error of f. */
ISO_FN float iso_log_sum(float k, float f, float low)
{
    float p = 0x1.e74158p-4f;
    p = iso_fma(p, f, -0x1.054ec6p-3f);
    p = iso_fma(p, f, 0x1.b9c41ap-4f);
    p = iso_fma(p, f, -0x1.f45f90p-4f);
    p = iso_fma(p, f, 0x1.24e4c0p-3f);
    p = iso_fma(p, f, -0x1.55910ap-3f);
    p = iso_fma(p, f, 0x1.99981ap-3f);
    p = iso_fma(p, f, -0x1.ffff3ep-3f);
    p = iso_fma(p, f, 0x1.555556p-2f);
    /* f - f^2/2 = h + l; k ln 2 + h = s + e. */
    float g = -0.5f * f, h = iso_fma(g, f, f), l = iso_fma(g, f, f - h);
    float s = iso_fma(k, ISO_LN2_HIGH, h), e = iso_fma(k, ISO_LN2_HIGH, -s) + h;
    l = iso_fma(low, iso_fma(f, f, 1.0f - f), l);
    l = iso_fma(f * f * f, p, l);
    return s + iso_fma(k, ISO_LN2_LOW, e + l);
}

/* log x; 0.598 ULP. -inf at 0, NaN below. */
ISO_FN iso_real iso_log(iso_real x)
{
    x = iso_flush(x);
    iso_u32 u = iso_bits(x) + (0x3F800000u - 0x3F2AAAABu); /* significand to [2/3, 4/3) */
    float m = iso_from_bits((u & 0x007FFFFFu) + 0x3F2AAAABu);
    float y = iso_log_sum((float)((iso_i32)(u >> 23) - 127), m - 1.0f, 0.0f);
    y = x == ISO_INFINITY ? x : y;
    y = x == 0.0f ? -ISO_INFINITY : y;
    y = x < 0.0f ? ISO_NAN : y;
    return iso_isnan(x) ? x : y;
}

/* log(1 + x); 0.617 ULP. -inf at -1, NaN below. 1 + x is 2^k (1 + f + low) exactly. */
ISO_FN iso_real iso_log1p(iso_real x)
{
    x = iso_flush(x);
    iso_u32 k = ((iso_bits(1.0f + x) + (0x3F800000u - 0x3F2AAAABu)) >> 23) - 127u;
    k = (iso_i32)k > 128 ? 0 : k;                          /* negative, infinite or NaN */
    iso_u32 one = (iso_i32)k > 100 ? 0 : (127u - k) << 23; /* 2^-k, or too small to matter */
    float a = iso_from_bits(one) - 1.0f, b = iso_from_bits(iso_bits(x) - (k << 23));
    b = k == 0 ? x : b;
    float f = a + b, v = f - a, low = (a - (f - v)) + (b - v);
    float y = iso_log_sum((float)(iso_i32)k, f, low);
    y = x == ISO_INFINITY ? x : y;
    y = x == -1.0f ? -ISO_INFINITY : y;
    y = x < -1.0f ? ISO_NAN : y;
    return iso_isnan(x) ? x : y;
}

/* ---- Circular functions -------------------------------------------------------------------- */

/* The bits of 2/pi after the point, behind 32 zeros. */
ISO_TABLE iso_u32 iso_two_over_pi[8] = { 0x00000000u, 0xA2F9836Eu, 0x4E441529u, 0xFC2757D1u,
                                         0xF534DDC0u, 0xDB629599u, 0x3C439041u, 0xFE5163ABu };

/* sin(x + turn * pi/2). From 0.5 on, x * 2/pi is computed modulo 4 in 64 bits of fixed point, from
 * the 96 bits of 2/pi that matter at this exponent (Payne, Hanek), whatever the size of x. */
ISO_FN float iso_circle(float x, iso_u32 turn)
{
    x = iso_flush(x);
    iso_u32 u = iso_bits(x) & 0x7FFFFFFFu, m = (u & 0x007FFFFFu) | 0x00800000u;
    iso_u32 bit = (u < 0x3F000000u ? 126u : u >> 23) - 120u, word = bit >> 5, b = bit & 31u;
    iso_u32 t0 = iso_two_over_pi[word], t1 = iso_two_over_pi[word + 1];
    iso_u32 t2 = iso_two_over_pi[word + 2], t3 = iso_two_over_pi[word + 3];
    iso_u32 w0 = (t0 << b) | ((t1 >> 1) >> (31u - b));
    iso_u32 w1 = (t1 << b) | ((t2 >> 1) >> (31u - b));
    iso_u32 w2 = (t2 << b) | ((t3 >> 1) >> (31u - b));
    iso_u32 low = m * w1 + iso_mul_hi(m, w2);
    iso_u32 high = m * w0 + iso_mul_hi(m, w1) + (low < m * w1 ? 1u : 0u);

    /* The nearest quadrant, and the rest as sign and magnitude: high 2^-30 + low 2^-62. */
    iso_u32 quadrant = (high + 0x20000000u) >> 30;
    high -= quadrant << 30;
    iso_u32 negative = high >> 31;
    low = negative ? 0u - low : low;
    high = negative ? ~high + (low == 0 ? 1u : 0u) : high;
    float f1 = (float)(iso_i32)(high >> 6) * 0x1p-24f;
    float f2 = (float)(iso_i32)((high & 63u) << 18 | low >> 14) * 0x1p-48f;
    float f3 = (float)(iso_i32)(low & 0x3FFFu) * 0x1p-62f;
    float f = f1 + f2, f_low = (f2 - (f - f1)) + f3;
    float r = iso_fma(f, 0x1.921fb6p+0f, f_low * 0x1.921fb6p+0f);
    float l = iso_fma(f, 0x1.921fb6p+0f, -r);
    l = iso_fma(f_low, 0x1.921fb6p+0f, l);
    l = iso_fma(f, -0x1.777a5cp-25f, l);

    iso_u32 sign = (iso_bits(x) & 0x80000000u) ^ (negative << 31);
    r = u < 0x3F000000u ? x : iso_from_bits(iso_bits(r) ^ sign);
    l = u < 0x3F000000u ? 0.0f : iso_from_bits(iso_bits(l) ^ sign);
    quadrant = u < 0x3F000000u ? 0u : quadrant;
    quadrant = turn + (x < 0.0f ? 0u - quadrant : quadrant);

    float s = r * r;
    float p = 0x1.7cd428p-19f;
    p = iso_fma(p, s, -0x1.a05bb2p-13f);
    p = iso_fma(p, s, 0x1.111176p-7f);
    p = iso_fma(p, s, -0x1.555556p-3f);
    float sine = r + iso_fma(s * r, p, iso_fma(-0.5f * s, l, l));
    float q = 0x1.99e0eep-16f;
    q = iso_fma(q, s, -0x1.6c0c1ap-10f);
    q = iso_fma(q, s, 0x1.55554ap-5f);
    float g = -0.5f * r, h = iso_fma(g, r, 1.0f), e = iso_fma(g, r, 1.0f - h);
    float cosine = h + iso_fma(s * s, q, iso_fma(-r, l, e));
    float y = quadrant & 1u ? cosine : sine;
    y = quadrant & 2u ? -y : y;
    return u >= ISO_INFINITY_BITS ? ISO_NAN : y;
}

/* sin x and cos x of every finite float; 0.730 ULP. NaN at infinity. */
ISO_FN iso_real iso_sin(iso_real x) { return iso_circle(x, 0u); }
ISO_FN iso_real iso_cos(iso_real x) { return iso_circle(x, 1u); }

/* ---- Power --------------------------------------------------------------------------------- */

/* log2(a) as a sum high + low, for finite a >= FLT_MIN: a = 2^k m, m near 1, and
 * log2 m = 2/ln 2 * atanh s, s = (m - 1) / (m + 1), all in pairs of floats. */
ISO_FN float iso_log2_pair(float a, float *low)
{
    iso_u32 u = iso_bits(a) + (0x3F800000u - 0x3F3504F3u); /* significand to [0.707, 1.414) */
    float k = (float)((iso_i32)(u >> 23) - 127);
    float m = iso_from_bits((u & 0x007FFFFFu) + 0x3F3504F3u);
    float f = m - 1.0f, d = m + 1.0f, d_low = m - (d - 1.0f), y = iso_div(1.0f, d);
    float s = f * y, rest = iso_fma(-s, d_low, iso_fma(-s, d, f)), s_low = rest * y;
    float z = s * s, z_low = iso_fma(2.0f * s, s_low, iso_fma(s, s, -z));
    float p = 0x1.9083fep-4f;
    p = iso_fma(p, z, 0x1.c63da8p-4f);
    p = iso_fma(p, z, 0x1.2493b6p-3f);
    p = iso_fma(p, z, 0x1.999998p-3f);
    /* c = 1/3 + z p, t = z c, v = s + s t. */
    float c = iso_fma(z, p, 0x1.555556p-2f);
    float c_low = iso_fma(z, p, 0x1.555556p-2f - c) - 0x1.555556p-27f;
    float t = z * c, t_low = iso_fma(z_low, c, iso_fma(z, c_low, iso_fma(z, c, -t)));
    float v = iso_fma(s, t, s), v_low = iso_fma(s, t, s - v);
    v_low = iso_fma(rest, y, iso_fma(s_low, t, iso_fma(s, t_low, v_low)));
    float high = iso_fma(v, 0x1.715476p+1f, k), l = iso_fma(v, 0x1.715476p+1f, k - high);
    *low = iso_fma(v, 0x1.4ae0cp-25f, iso_fma(v_low, 0x1.715476p+1f, l));
    return high;
}

/* |x|^y for finite |x| >= FLT_MIN and finite y: 2^(y log2 |x|). */
ISO_FN float iso_pow_finite(float a, float y)
{
    float l_low, l = iso_log2_pair(a, &l_low);
    float e = iso_fma(y, l, y * l_low), e_low = iso_fma(y, l_low, iso_fma(y, l, -e));
    float held = iso_between(e, -150.0f, 128.5f);
    e_low = held == e ? e_low : 0.0f;
    e = held;
    float t = e + ISO_ROUND, f = e - (t - ISO_ROUND);
    float r = iso_fma(f, 0x1.62e43p-1f, e_low * 0x1.62e43p-1f);
    float r_low = iso_fma(e_low, 0x1.62e43p-1f, iso_fma(f, 0x1.62e43p-1f, -r));
    r_low = iso_fma(f, -0x1.05c61p-29f, r_low);
    float p_low, p = iso_exp_sum(r, r_low, &p_low);
    iso_u32 u = iso_bits(p) + ((iso_bits(t) - ISO_ROUND_BITS) << 23);
    u = (iso_i32)u < 0x00800000 ? 0 : u > ISO_INFINITY_BITS ? ISO_INFINITY_BITS : u;
    return iso_from_bits(u);
}

/* x^y; 0.647 ULP. C's special cases: x^0 and 1^y are 1 even for NaN; (-1)^inf is 1; a finite x < 0
 * to a finite y that is no integer is NaN; a negative result has x < 0 and y an odd integer. */
ISO_FN iso_real iso_pow(iso_real x, iso_real y)
{
    x = iso_flush(x);
    y = iso_flush(y);
    float a = iso_abs(x);
    iso_u32 uy = iso_bits(y) & 0x7FFFFFFFu, ey = uy >> 23;
    iso_u32 shift = ey < 127u ? 24u : ey > 150u ? 0u : 150u - ey; /* bits after the point */
    iso_u32 m = (uy & 0x007FFFFFu) | 0x00800000u;
    int whole = (m & ((1u << shift) - 1u)) == 0;
    int odd = whole & (ey <= 150u) & (int)((m >> shift) & 1u);

    int grows = ((a > 1.0f) & (y > 0.0f)) | ((a < 1.0f) & (y < 0.0f));
    int edge = (a == 0.0f) | (a == ISO_INFINITY) | (uy == ISO_INFINITY_BITS);
    float r = iso_pow_finite(edge ? 1.0f : a, edge ? 1.0f : y);
    r = edge ? 0.0f : r;
    r = (edge & grows) ? ISO_INFINITY : r;
    r = a == 1.0f ? 1.0f : r;
    r = ((x < 0.0f) & odd & (r != 0.0f)) ? -r : r;
    r = ((x < 0.0f) & (a != ISO_INFINITY) & !whole) ? ISO_NAN : r;
    r = (iso_isnan(x) | iso_isnan(y)) ? ISO_NAN : r;
    return ((y == 0.0f) | (x == 1.0f)) ? 1.0f : r;
}

#endif
#endif
