/* dropout_cpu.cl: dropout on CPU-shaped devices but PoCL, whose compiler makes no vector code of
 * it: a Philox block is drawn once for its four elements. */
#include "common.h"
#include "elements.h"

#define DROP(e, word)                          \
    {                                          \
        int keep = (word) >= threshold;        \
        y[e] = iso_dropout(keep, x[e], scale); \
        if (want_mask)                         \
            mask[e] = keep;                    \
    }

/* Work-items along the first axis take the whole blocks of a row, the second axis the rows; the
 * first one takes the elements of the last, broken block, too. */
kernel void dropout_cpu_forward(global const float *x, ulong x_at, global float *y, ulong y_at,
                                global uchar *mask, ulong mask_at, uint size, uint threshold,
                                float scale, uint first, uint step, uint layer, uint seed_low,
                                uint seed_high, int want_mask)
{
    const uint row = get_global_id(1), block = (first + row) * ((size + 3) / 4);
    x += x_at + row * (ulong)size;
    y += y_at + row * (ulong)size;
    mask += mask_at + row * (ulong)size;
    EACH_ELEMENT(b, size / 4)
    {
        iso_u32x4 r =
            iso_philox(block + (uint)b, step, layer, ISO_RANDOM_DROPOUT, seed_low, seed_high);
        DROP(4 * b, r.v[0])
        DROP(4 * b + 1, r.v[1])
        DROP(4 * b + 2, r.v[2])
        DROP(4 * b + 3, r.v[3])
    }
    if (get_global_id(0) == 0 && size % 4 != 0) {
        iso_u32x4 r =
            iso_philox(block + size / 4, step, layer, ISO_RANDOM_DROPOUT, seed_low, seed_high);
        for (uint e = size / 4 * 4; e < size; e++)
            DROP(e, r.v[e & 3])
    }
}
