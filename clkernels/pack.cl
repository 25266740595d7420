/* pack.cl: lays the operands of chains_gpu.h out: images with borders, matrices transposed or
 * padded.
 */
#include "common.h"

/* y[image, ph, pw, c] = x[image, h, w, c] moved down and right by (top, left); +0 elsewhere. */
kernel void pack_border(global const float *x, ulong x_at, global float *y, ulong y_at, uint n,
                        int h, int w, int c, int ph, int pw, int top, int left)
{
    uint i = get_global_id(0);
    if (i >= n)
        return;
    int line = pw * c, e = i % line, py = i / line % ph, image = i / line / ph;
    int iy = py - top, ie = e - left * c;
    bool inside = iy >= 0 && iy < h && ie >= 0 && ie < w * c;
    y[y_at + i] = inside ? x[x_at + ((ulong)image * h + iy) * w * c + ie] : 0.0f;
}

/* y[k, width] with k = (ty * taps_x + tx) * segment + c: x[ty * x_ty + tx * x_tx + c * x_c + col *
 * x_col] for the first `cols` columns, +0 in the others. */
kernel void pack_matrix(global const float *x, ulong x_at, global float *y, ulong y_at, uint n,
                        int width, int cols, int taps_x, int segment, int x_ty, int x_tx, int x_c,
                        int x_col)
{
    uint i = get_global_id(0);
    if (i >= n)
        return;
    int col = i % width, k = i / width, tap = k / segment;
    long at = (long)(tap / taps_x) * x_ty + (long)(tap % taps_x) * x_tx +
              (long)(k % segment) * x_c + (long)col * x_col;
    y[y_at + i] = col < cols ? x[x_at + at] : 0.0f;
}
