/* arith_inputs.h: the operands that the arithmetic tests feed to C and to devices alike. */
#ifndef ARITH_INPUTS_H
#define ARITH_INPUTS_H

#include "core/arithmetic/random.h"
#include "arith_functions.h"

enum { ARITH_SPECIALS = 42 };

/* Zeros, subnormals, the edges of the ranges of floats and of each function, infinities, NaN. */
static const float arith_special[ARITH_SPECIALS / 2] = { 0.0f,
                                                         0x1p-149f,
                                                         0x1.fffffcp-127f,
                                                         0x1p-126f,
                                                         0x1.000002p-126f,
                                                         0x1p-64f,
                                                         0x1p-25f,
                                                         0.5f,
                                                         0x1.fffffep-1f,
                                                         1.0f,
                                                         0x1.000002p0f,
                                                         1.5f,
                                                         2.0f,
                                                         3.0f,
                                                         0x1.5d589ep+6f,
                                                         0x1.62e42ep+6f,
                                                         0x1.fffffep22f,
                                                         0x1.000002p23f,
                                                         0x1p24f,
                                                         0x1.fffffep127f,
                                                         INFINITY };

/* Special value i < ARITH_SPECIALS, of both signs; ARITH_SPECIALS itself is NaN. */
static inline float arith_special_value(uint64_t i)
{
    if (i >= ARITH_SPECIALS)
        return NAN;
    return i & 1 ? -arith_special[i / 2] : arith_special[i / 2];
}

/* Pair i of operands: all pairs of special values, then in turn a) any two bit patterns, b) x near
 * 1, c) y such that x^y is a float, d) x / y near a power of two, FLT_MIN among them. x alone is a
 * good operand too. */
static inline void arith_pair(uint64_t i, float *x, float *y)
{
    const uint64_t side = ARITH_SPECIALS + 1;
    if (i < side * side) {
        *x = arith_special_value(i / side);
        *y = arith_special_value(i % side);
        return;
    }
    iso_u32x4 r = iso_philox((uint32_t)i, (uint32_t)(i >> 32), 0, ISO_RANDOM_TEST, 20, 26);
    iso_u32 a = r.v[0], b = r.v[1];
    if (i % 4 == 1)
        a = 0x3F800000u + (iso_u32)((int32_t)r.v[0] >> (8 + r.v[2] % 23));
    if (i % 4 == 3) {
        iso_u32 scale = (r.v[2] & 1) ? 126 : (r.v[2] >> 1) & 255;
        b = (a & 0x007FFFFFu) + (b & 0x80000007u) + ((((a >> 23) + scale) & 255u) << 23);
    }
    *x = iso_from_bits(a);
    *y = iso_from_bits(b);
    if (i % 4 == 2 && *x > 0.0f) {
        float power = iso_fma((float)(int32_t)(r.v[1] >> 8), 0x1p-16f, -140.0f);
        *y = iso_div(power * 0x1.62e43p-1f, iso_log(*x));
    }
}

/* The bits of x, with all NaN the same. */
static inline iso_u32 arith_bits(float x) { return iso_isnan(x) ? 0x7FC00000u : iso_bits(x); }

/* FNV-1a over the bits of the function's first results. */
enum { ARITH_HASHED = 1 << 17 };
static inline uint64_t arith_hash(int function)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (uint64_t i = 0; i < ARITH_HASHED; i++) {
        float x, y;
        arith_pair(i, &x, &y);
        iso_u32 u = arith_bits(arith_call(function, x, y));
        for (int byte = 0; byte < 4; byte++)
            hash = (hash ^ (u >> (8 * byte) & 255u)) * 0x100000001B3u;
    }
    return hash;
}

/* The results of arith_hash on every machine, compiler and device. If one of them changes, results
 * change, and ISO_ARITH_VERSION must rise. */
static const uint64_t arith_golden[ARITH_COUNT] = {
    [ARITH_div] = 0x814A1D58F1030253u,    [ARITH_div_fma] = 0x814A1D58F1030253u,
    [ARITH_sqrt] = 0xD6A50B6C500D0F66u,   [ARITH_sqrt_fma] = 0xD6A50B6C500D0F66u,
    [ARITH_rsqrt] = 0x5509AFD61656F28Bu,  [ARITH_exp] = 0x6562C44856BE00A4u,
    [ARITH_expm1] = 0x7D4250EC687E2AFFu,  [ARITH_log] = 0x7D76DB293FBAF80Cu,
    [ARITH_log1p] = 0x67B41657A4964AF6u,  [ARITH_tanh] = 0x055A3E015E948E41u,
    [ARITH_sin] = 0xE321FCA8615FACF5u,    [ARITH_cos] = 0xFCA75BD3C0C23A5Eu,
    [ARITH_pow] = 0xCFCFC54E28B15AD5u,    [ARITH_erf] = 0x7FFFDC5DDCE4F69Au,
    [ARITH_sigmoid] = 0xFED01E5C5C803083u
};

#endif
