/* gather_images.cl: a batch of images from a resident uint8 data set. */
#include "common.h"

kernel void gather_images_forward(global const uchar *data, ulong data_at, global const int *order,
                                  ulong order_at, global float *y, ulong y_at, uint n, uint size,
                                  ulong first, float scale)
{
    uint i = get_global_id(0);
    if (i < n) {
        ulong row = order[order_at + first + i / size];
        y[y_at + i] = (float)data[data_at + row * size + i % size] * scale;
    }
}
