/* conv2d.cl: the convolution as matrix products (fast mode): im2col, and its transpose col2im,
 * which gathers, so that no two work-items write the same number. */
#include "common.h"
#include "pixels.h"
#include "arguments.h"

/* Copies the input window of output pixel `row` of these images to col[row, ky, kx, c]. */
kernel void conv2d_im2col(global const float *x, ulong x_at, global float *col, ulong col_at,
                          uint n, struct opencl_window v)
{
    uint i = get_global_id(0);
    if (i >= n)
        return;
    int c = i % v.c, tap = i / v.c % (v.kh * v.kw), row = i / v.c / (v.kh * v.kw);
    int ox = row % v.ow, oy = row / v.ow % v.oh, image = row / v.ow / v.oh;
    int iy = oy * v.sh + tap / v.kw * v.dh - v.top, ix = ox * v.sw + tap % v.kw * v.dw - v.left;
    bool inside = iy >= 0 && iy < v.h && ix >= 0 && ix < v.w;
    col[col_at + i] = inside ? x[x_at + (((ulong)image * v.h + iy) * v.w + ix) * v.c + c] : 0.0f;
}

/* dx[image, iy, ix, c] = sum over the taps whose windows see this pixel. */
kernel void conv2d_col2im(global const float *col, ulong col_at, global float *dx, ulong dx_at,
                          uint n, struct opencl_window v, int add)
{
    uint i = get_global_id(0);
    if (i >= n)
        return;
    int c = i % v.c, ix = i / v.c % v.w, iy = i / v.c / v.w % v.h, image = i / v.c / v.w / v.h;
    const struct strided down = strided(v.dh, v.sh), across = strided(v.dw, v.sw);
    const struct strided first = strided(ix + v.left, v.sw);
    struct strided y = strided(iy + v.top, v.sh); /* the output's row, for tap row ky */
    float sum = 0.0f;
    for (int ky = 0; ky < v.kh; ky++, y = before(y, down, v.sh)) {
        struct strided x = first;
        if (y.rest != 0 || y.at < 0 || y.at >= v.oh)
            continue;
        for (int kx = 0; kx < v.kw; kx++, x = before(x, across, v.sw)) {
            if (x.rest == 0 && x.at >= 0 && x.at < v.ow) {
                const ulong row = ((ulong)image * v.oh + y.at) * v.ow + x.at;
                sum = sum + col[col_at + (row * (v.kh * v.kw) + ky * v.kw + kx) * v.c + c];
            }
        }
    }
    dx[dx_at + i] = add ? dx[dx_at + i] + sum : sum;
}
