/* slice.cl: the gradient of a slice of the channels. */
#include "common.h"
#include "elements.h"

/* dx [n], of `width` channels, has dy in those from `start` on, and 0 in the others; or dy is added
 * there. */
kernel void slice_backward(global const float *dy, ulong dy_at, global float *dx, ulong dx_at,
                           uint n, uint width, uint start, uint size, int add)
{
    EACH_ELEMENT(i, n)
    {
        const uint row = (uint)i / width, c = (uint)i - row * width;
        const int inside = c >= start && c - start < size;
        const float d = inside ? dy[dy_at + (ulong)row * size + c - start] : 0.0f;
        const float old = add ? dx[dx_at + i] : 0.0f;
        dx[dx_at + i] = !add ? d : inside ? old + d : old;
    }
}
