/* arith_functions.h: every function of core/arithmetic/arith.h that the arithmetic tests go over;
 * valid C11 and OpenCL C 1.2. X(name, operands, judge in double, greatest error in ULP). The judge
 * gets x and y as the function sees them: flushed. Bounds are the exhaustive maxima, rounded up. */
#ifndef ARITH_FUNCTIONS_H
#define ARITH_FUNCTIONS_H

#ifndef __OPENCL_C_VERSION__
#include "core/arithmetic/arith.h"
#endif

/* clang-format off */
#define ARITH_FUNCTIONS(X)                       \
    X(div,      2, x / y,                  0.5)  \
    X(div_fma,  2, x / y,                  0.5)  \
    X(sqrt,     1, sqrt(x),                0.5)  \
    X(sqrt_fma, 1, sqrt(x),                0.5)  \
    X(rsqrt,    1, 1.0 / sqrt(x),          1.5)  \
    X(exp,      1, exp(x),                 0.66) \
    X(expm1,    1, expm1(x),               0.89) \
    X(log,      1, log(x),                 0.60) \
    X(log1p,    1, log1p(x),               0.64) \
    X(tanh,     1, tanh(x),                0.99) \
    X(sin,      1, sin(x),                 0.74) \
    X(cos,      1, cos(x),                 0.74) \
    X(pow,      2, pow(x, y),              0.70) \
    X(erf,      1, erf(x),                 1.01) \
    X(sigmoid,  1, 1.0 / (1.0 + exp(-x)),  0.80)
/* clang-format on */

#define ARITH_ENUM(name, operands, judge, bound) ARITH_##name,
enum arith_function { ARITH_FUNCTIONS(ARITH_ENUM) ARITH_COUNT };

/* A function called by its number. */
#define ARITH_CALL_1(call, x, y) call(x)
#define ARITH_CALL_2(call, x, y) call(x, y)
#define ARITH_CASE(name, operands, judge, bound) \
    case ARITH_##name: return ARITH_CALL_##operands(iso_##name, x, y);
ISO_FN float arith_call(int function, float x, float y)
{
    switch (function) {
        ARITH_FUNCTIONS(ARITH_CASE)
    default: return y;
    }
}

#endif
