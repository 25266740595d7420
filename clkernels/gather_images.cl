/* gather_images.cl: a batch of images from a resident uint8 data set. */
#include "common.h"

/* (Mesa's rusticl does not index an array in an argument by a variable.) */
static inline float of_channel(float4 v, uint c)
{
    return c == 0 ? v.x : c == 1 ? v.y : c == 2 ? v.z : v.w;
}

kernel void gather_images_forward(global const uchar *data, ulong data_at, global const int *order,
                                  ulong order_at, global float *y, ulong y_at, uint n, uint size,
                                  uint channels, uint reverse, ulong first, float4 factor,
                                  float4 offset)
{
    uint i = get_global_id(0);
    if (i < n) {
        ulong row = order[order_at + first + i / size];
        uint at = i % size, c = at % channels;
        uint from = reverse ? at - c + (channels - 1 - c) : at;
        y[y_at + i] = iso_pixel((float)data[data_at + row * size + from], of_channel(factor, c & 3),
                                of_channel(offset, c & 3));
    }
}
