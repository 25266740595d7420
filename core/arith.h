/* arith.h: the shared arithmetic, valid C11 and OpenCL C 1.2. (First version: accuracy follows.) */
#ifndef ISO_ARITH_H
#define ISO_ARITH_H

#if defined(__FAST_MATH__) || defined(__FAST_RELAXED_MATH__) || \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "isocl computes exactly: build without fast-math options"
#endif

#define ISO_FN static inline
#ifdef __OPENCL_VERSION__
#pragma OPENCL FP_CONTRACT OFF
typedef uint iso_u32;
typedef int iso_i32;
typedef float iso_real;
#define ISO_R(x) x##f
ISO_FN iso_u32 iso_mul_hi(iso_u32 a, iso_u32 b) { return mul_hi(a, b); }
#define ISO_LIBM(name) name
#else
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#if FLT_EVAL_METHOD != 0
#error "isocl computes exactly: floats must be evaluated as floats (on x86: -msse2 -mfpmath=sse)"
#endif
typedef uint32_t iso_u32;
typedef int32_t iso_i32;
ISO_FN iso_u32 iso_mul_hi(iso_u32 a, iso_u32 b) { return (iso_u32)((uint64_t)a * b >> 32); }
#ifdef ISO_DOUBLE
typedef double iso_real;
#define ISO_R(x) x
#define ISO_LIBM(name) name
#else
typedef float iso_real;
#define ISO_R(x) x##f
#define ISO_LIBM(name) name##f
#endif
#endif

ISO_FN int iso_isnan(iso_real x) { return x != x; }
ISO_FN iso_real iso_fma(iso_real a, iso_real b, iso_real c) { return ISO_LIBM(fma)(a, b, c); }
ISO_FN iso_real iso_flush(iso_real x)
{
#ifdef ISO_DOUBLE
    return x;
#else
    return ISO_LIBM(fabs)(x) < ISO_R(0x1p-126) ? ISO_R(0.0) : x;
#endif
}
ISO_FN iso_real iso_div(iso_real a, iso_real b) { return iso_flush(a / b); }
ISO_FN iso_real iso_sqrt(iso_real x) { return ISO_LIBM(sqrt)(iso_flush(x)); }
ISO_FN iso_real iso_rsqrt(iso_real x) { return iso_div(ISO_R(1.0), iso_sqrt(x)); }
ISO_FN iso_real iso_exp(iso_real x) { return iso_flush(ISO_LIBM(exp)(x)); }
ISO_FN iso_real iso_expm1(iso_real x) { return iso_flush(ISO_LIBM(expm1)(x)); }
ISO_FN iso_real iso_log(iso_real x) { return iso_flush(ISO_LIBM(log)(iso_flush(x))); }
ISO_FN iso_real iso_log1p(iso_real x) { return iso_flush(ISO_LIBM(log1p)(x)); }
ISO_FN iso_real iso_tanh(iso_real x) { return iso_flush(ISO_LIBM(tanh)(x)); }
ISO_FN iso_real iso_sin(iso_real x) { return iso_flush(ISO_LIBM(sin)(x)); }
ISO_FN iso_real iso_cos(iso_real x) { return iso_flush(ISO_LIBM(cos)(x)); }
ISO_FN iso_real iso_erf(iso_real x) { return iso_flush(ISO_LIBM(erf)(x)); }
ISO_FN iso_real iso_pow(iso_real x, iso_real y) { return iso_flush(ISO_LIBM(pow)(x, y)); }
ISO_FN iso_real iso_sigmoid(iso_real x) { return iso_div(ISO_R(1.0), ISO_R(1.0) + iso_exp(-x)); }

#endif
