/* zero_padding2d.cl: an image in a frame of zeros. Backward is a copy of rows (copy_rows.cl). */
#include "common.h"

/* Widths count channels: a row of x has `width` elements, of y `out_width`, and `left` zeros. */
kernel void zero_padding2d_forward(global const float *x, ulong x_at, global float *y, ulong y_at,
                                   int height, int width, int out_height, int out_width, int top,
                                   int left)
{
    const int row = get_global_id(1), column = (int)get_global_id(0) - left;
    const ulong image = get_global_id(2);
    if (row >= out_height || column + left >= out_width)
        return;
    int from = row - top, inside = from >= 0 && from < height && column >= 0 && column < width;
    float value = 0.0f;
    if (inside)
        value = x[x_at + (image * height + from) * width + column];
    y[y_at + (image * out_height + row) * out_width + column + left] = value;
}
