/* gather_images.cl: a batch of images from a resident uint8 data set, and their targets. */
#include "common.h"
#include "target.h"

/* Returns the number of channel c. The four numbers are not a vector, because compilers would index
 * that in memory. */
static inline float of_channel(uint c, float v0, float v1, float v2, float v3)
{
    return c & 2 ? (c & 1 ? v3 : v2) : c & 1 ? v1 : v0;
}

/* A work-item takes `each` elements of a row, its number along the second axis: the channels of a
 * pixel, or any that have the same factor. columns: of a target; -1:
 * none is wanted. */
kernel void gather_images_forward(global const uchar *data, ulong data_at, global const int *order,
                                  ulong order_at, global float *y, ulong y_at, uint size, uint each,
                                  uint reverse, ulong first, float factor0, float factor1,
                                  float factor2, float factor3, float offset0, float offset1,
                                  float offset2, float offset3, global const int *labels,
                                  ulong labels_at, global float *target, ulong target_at,
                                  int columns, int from)
{
    const uint row = get_global_id(1), at = get_global_id(0) * each;
    const ulong source = order[order_at + first + row];
    data += data_at + source * size + at;
    y += y_at + row * size + at;
    for (uint c = 0; c < each && at + c < size; c++)
        y[c] = iso_pixel((float)data[reverse ? each - 1 - c : c],
                         of_channel(c, factor0, factor1, factor2, factor3),
                         of_channel(c, offset0, offset1, offset2, offset3));
    if (columns >= 0)
        put_target(target + target_at, row, labels[labels_at + source], columns, from);
}
