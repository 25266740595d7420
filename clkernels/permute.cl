/* permute.cl: the axes of a tensor in another order. */
#include "common.h"
#include "elements.h"

/* to [*, d1, d2, d3], n elements in total, each from `from` at its indices times the strides s0 to
 * s3, or added to. */
kernel void permute(global const float *from, ulong from_at, global float *to, ulong to_at, uint n,
                    uint d1, uint d2, uint d3, uint s0, uint s1, uint s2, uint s3, int add)
{
    EACH_ELEMENT(e, n)
    {
        const uint line = (uint)e / d3, image = line / d2, row = image / d1;
        const uint at = row * s0 + (image - row * d1) * s1 + (line - image * d2) * s2 +
                        ((uint)e - line * d3) * s3;
        const float x = from[from_at + at];
        to[to_at + e] = add ? to[to_at + e] + x : x;
    }
}
