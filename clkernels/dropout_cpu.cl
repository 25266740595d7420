/* dropout_cpu.cl: dropout on CPU-shaped devices: a work-item takes a run of a row's Philox blocks,
 * and draws a vector of them at once. */
#include "common.h"
#include "arguments.h"
#include "vectors.h"

typedef JOIN(uint, VECTOR) uvec;
typedef JOIN(uchar, VECTOR) bytes;

/* The words of VECTOR blocks from `block` on: word j of each in words[j]
 * (core/arithmetic/random.h). */
INLINE void philox(uint block, uint step, uint layer, uint k0, uint k1, uvec words[4])
{
    uint number[VECTOR];
    for (int i = 0; i < VECTOR; i++)
        number[i] = block + (uint)i;
    uvec c0 = JOIN(vload, VECTOR)(0, number), c1 = (uvec)(step), c2 = (uvec)(layer),
         c3 = (uvec)(ISO_RANDOM_DROPOUT);
    UNROLLED(round, 10) {
        const uvec high0 = mul_hi((uvec)(0xD2511F53u), c0), low0 = 0xD2511F53u * c0;
        const uvec high1 = mul_hi((uvec)(0xCD9E8D57u), c2), low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
}

/* Puts a vector for each word into the order of the elements, block by block. */
INLINE void into_order(uvec words[4])
{
    uvec low_even, low_odd, high_even, high_odd;
    low_even.even = words[0].lo, low_even.odd = words[2].lo;
    low_odd.even = words[1].lo, low_odd.odd = words[3].lo;
    high_even.even = words[0].hi, high_even.odd = words[2].hi;
    high_odd.even = words[1].hi, high_odd.odd = words[3].hi;
    words[0].even = low_even.lo, words[0].odd = low_odd.lo;
    words[1].even = low_even.hi, words[1].odd = low_odd.hi;
    words[2].even = high_even.lo, words[2].odd = high_odd.lo;
    words[3].even = high_even.hi, words[3].odd = high_odd.hi;
}

INLINE void store_mask(ivec keep, global uchar *mask, int n)
{
    /* (keep & 1 would be shorter; Oclgrind makes 255 of it.) */
    const bytes all = min(JOIN(convert_uchar, VECTOR)(keep), (bytes)(1));
    if (n >= VECTOR) {
        JOIN(vstore, VECTOR)(all, 0, mask);
        return;
    }
    uchar one[VECTOR];
    JOIN(vstore, VECTOR)(all, 0, one);
    for (int i = 0; i < n; i++)
        mask[i] = one[i];
}

/* Work-groups along the first axis take the runs of a row, along the second the rows. */
KERNEL dropout_cpu_forward(global const float *x, ulong x_at, global float *y, ulong y_at,
                           global uchar *mask, ulong mask_at, int size, uint threshold, float scale,
                           uint first, uint step, uint layer, uint seed_low, uint seed_high,
                           int want_mask)
{
    const uint row = get_group_id(1), block = (first + row) * (uint)((size + 3) / 4);
    const int begin = (int)get_group_id(0) * OPENCL_RUN;
    const int end = least(begin + OPENCL_RUN, size);
    x += x_at + row * (ulong)size;
    y += y_at + row * (ulong)size;
    mask += mask_at + row * (ulong)size;
    for (int e = begin; e < end; e += 4 * VECTOR) {
        uvec words[4];
        philox(block + (uint)e / 4, step, layer, seed_low, seed_high, words);
        into_order(words);
        for (int j = 0, at = e; j < 4 && at < end; j++, at += VECTOR) {
            const ivec keep = words[j] >= (uvec)(threshold);
            const vec kept = flush(load_some(x + at, end - at) * scale);
            store_some(keep ? kept : (vec)(0.0f), y + at, end - at);
            if (want_mask)
                store_mask(keep, mask + at, end - at);
        }
    }
}
