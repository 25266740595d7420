/* channel_shuffle.cl: the channels of groups dealt out in turns. */
#include "common.h"
#include "elements.h"

/* to[r, j groups + i] = from[r, i size + j], or added to it; n elements. */
kernel void channel_shuffle(global const float *from, ulong from_at, global float *to, ulong to_at,
                            uint n, uint groups, uint size, int add)
{
    EACH_ELEMENT(e, n)
    {
        const uint row = (uint)e / (groups * size), c = (uint)e - row * groups * size;
        const uint j = c / groups, i = c - j * groups;
        const float x = from[from_at + (ulong)row * groups * size + i * size + j];
        to[to_at + e] = add ? to[to_at + e] + x : x;
    }
}
