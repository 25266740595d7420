/* random.h: counter-based random numbers, valid C11 and OpenCL C 1.2.
 *
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", 2011).
 * A number is a pure function of the place of its use, so that every device, thread count and
 * resumed run draws the same one: counter = (block, step, layer, purpose), key = (seed low, seed
 * high). Element e of a tensor takes word e & 3 of block e >> 2. A Philox block is the four words
 * of one counter. */
#ifndef ISO_RANDOM_H
#define ISO_RANDOM_H

#ifndef __OPENCL_C_VERSION__
#include "arith.h"
#endif

/* The purpose of the numbers: two purposes never share a counter. */
enum iso_random {
    ISO_RANDOM_DROPOUT = 1,
    ISO_RANDOM_SHUFFLE,
    ISO_RANDOM_INITIALIZER,
    ISO_RANDOM_DIGITS,
    ISO_RANDOM_TEST,
    ISO_RANDOM_PART,
    ISO_RANDOM_PERMUTE,
    ISO_RANDOM_AUGMENTATION
};

typedef struct {
    iso_u32 v[4];
} iso_u32x4;

ISO_FN iso_u32x4 iso_philox(iso_u32 c0, iso_u32 c1, iso_u32 c2, iso_u32 c3, iso_u32 k0, iso_u32 k1)
{
    iso_u32x4 out;
#ifdef __OPENCL_C_VERSION__
#pragma unroll /* or a CPU's compiler makes no vector code of its callers */
#endif
    for (int round = 0; round < 10; round++) {
        iso_u32 high0 = iso_mul_hi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
        iso_u32 high1 = iso_mul_hi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out.v[0] = c0;
    out.v[1] = c1;
    out.v[2] = c2;
    out.v[3] = c3;
    return out;
}

/* Uniform in [0, 1): a multiple of 2^-24, so float and double hold the same number. */
ISO_FN iso_real iso_unit(iso_u32 u) { return (iso_real)(u >> 8) * ISO_R(0x1p-24); }

#endif
