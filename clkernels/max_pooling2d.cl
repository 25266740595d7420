/* max_pooling2d.cl: the first maximum of each window, NaN winning; padding takes no part. */
#include "common.h"

/* One work-item an output. tap: ky * kw + kx of the maximum. */
kernel void max_pooling2d_forward(global const float *x, ulong x_at, global float *y, ulong y_at,
                                  global int *tap, ulong tap_at, uint n, int h, int w, int c, int oh, int ow,
                                  int kh, int kw, int sh, int sw, int top, int left, int want_tap)
{
    uint i = get_global_id(0);
    if (i >= n) {
        return;
    }
    int ch = i % c, ox = i / c % ow, oy = i / c / ow % oh, image = i / c / ow / oh;
    x += x_at + (ulong)image * h * w * c + ch;
    float best = 0.0f;
    int at = -1;
    for (int ky = 0; ky < kh; ky++) {
        int iy = oy * sh + ky - top;
        for (int kx = 0; kx < kw; kx++) {
            int ix = ox * sw + kx - left;
            if (iy >= 0 && iy < h && ix >= 0 && ix < w) {
                float value = x[(iy * w + ix) * c];
                if (at < 0 || iso_beats(value, best)) {
                    best = value;
                    at = ky * kw + kx;
                }
            }
        }
    }
    y[y_at + i] = best;
    if (want_tap) {
        tap[tap_at + i] = at;
    }
}

/* One work-item an input pixel and channel: the windows that chose it, ascending. */
kernel void max_pooling2d_backward(global const float *dy, ulong dy_at, global const int *tap, ulong tap_at,
                                   global float *dx, ulong dx_at, uint n, int h, int w, int c, int oh,
                                   int ow, int kh, int kw, int sh, int sw, int top, int left, int add)
{
    uint i = get_global_id(0);
    if (i >= n) {
        return;
    }
    int ch = i % c, ix = i / c % w, iy = i / c / w % h, image = i / c / w / h;
    int py = iy + top, px = ix + left;
    int y0 = py < kh ? 0 : (py - kh) / sh + 1, y1 = py / sh < oh ? py / sh : oh - 1;
    int x0 = px < kw ? 0 : (px - kw) / sw + 1, x1 = px / sw < ow ? px / sw : ow - 1;
    ulong base = (ulong)image * oh * ow * c + ch;
    float sum = 0.0f;
    for (int oy = y0; oy <= y1; oy++) {
        for (int ox = x0; ox <= x1; ox++) {
            ulong o = base + (ulong)(oy * ow + ox) * c;
            if (tap[tap_at + o] == (py - oy * sh) * kw + (px - ox * sw)) {
                sum = sum + dy[dy_at + o];
            }
        }
    }
    dx[dx_at + i] = add ? dx[dx_at + i] + sum : sum;
}
