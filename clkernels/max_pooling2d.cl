/* max_pooling2d.cl: the first maximum of each window, NaN winning; padding takes no part. */
#include "common.h"
#include "pooling2d.h"

static inline void forward(const struct opencl_pool *g, int image, int pixel, int channel,
                           int width, global const float *x, global float *y, global int *tap)
{
    int oy = pixel / g->ow, ox = pixel - oy * g->ow, found = 0;
    float best[ITEM_CHANNELS];
    int at[ITEM_CHANNELS];
    x += (ulong)image * g->h * g->w * g->c + channel;
    for (int i = 0; i < width; i++) {
        best[i] = 0.0f;
        at[i] = 0;
    }
    for (int ky = 0; ky < g->kh; ky++) {
        for (int kx = 0; kx < g->kw; kx++) {
            int iy = oy * g->sh + ky - g->top, ix = ox * g->sw + kx - g->left;
            if (iy >= 0 && iy < g->h && ix >= 0 && ix < g->w) {
                global const float *from = x + (ulong)(iy * g->w + ix) * g->c;
                for (int i = 0; i < width; i++) {
                    int takes = !found | (from[i] > best[i]) |
                                (iso_isnan(from[i]) & !iso_isnan(best[i]));
                    best[i] = takes ? from[i] : best[i];
                    at[i] = takes ? ky * g->kw + kx : at[i];
                }
                found = 1;
            }
        }
    }
    ulong to = ((ulong)image * g->pixels + pixel) * g->c + channel;
    for (int i = 0; i < width; i++)
        y[to + i] = best[i];
    for (int i = 0; g->want_tap && i < width; i++)
        tap[to + i] = at[i];
}

/* The windows that chose this pixel, ascending. */
static inline void backward(const struct opencl_pool *g, int image, int pixel, int channel,
                            int width, global const float *dy, global const int *tap,
                            global const float *x, global float *dx)
{
    int row = pixel / g->w, px = pixel - row * g->w + g->left, py = row + g->top;
    int x0, x1, y0, y1;
    float sum[ITEM_CHANNELS];
    windows(px, g->kw, g->sw, g->per_sw, g->ow, &x0, &x1);
    windows(py, g->kh, g->sh, g->per_sh, g->oh, &y0, &y1);
    for (int i = 0; i < width; i++)
        sum[i] = start_of_sum();
    for (int oy = y0; oy <= y1; oy++) {
        for (int ox = x0; ox <= x1; ox++) {
            ulong from = ((ulong)(image * g->oh + oy) * g->ow + ox) * g->c + channel;
            int mine = (py - oy * g->sh) * g->kw + (px - ox * g->sw);
            for (int i = 0; i < width; i++)
                sum[i] = tap[from + i] == mine ? sum[i] + dy[from + i] : sum[i];
        }
    }
    const ulong at = ((ulong)image * g->pixels + pixel) * g->c + channel;
    for (int i = 0; g->x_activation != 0 && i < width; i++)
        sum[i] = passed_back(g->x_activation, g->x_alpha, x[at + i], sum[i]);
    for (int i = 0; i < width; i++)
        dx[at + i] = g->add ? dx[at + i] + sum[i] : sum[i];
}

kernel void max_pooling2d_forward(global const float *x, ulong x_at, global float *y, ulong y_at,
                                  global int *tap, ulong tap_at, struct opencl_pool all)
{
    PIXEL_AND_CHANNEL
    if (channel + ITEM_CHANNELS <= g.c)
        forward(&g, image, pixel, channel, ITEM_CHANNELS, x + x_at, y + y_at, tap + tap_at);
    else
        forward(&g, image, pixel, channel, g.c - channel, x + x_at, y + y_at, tap + tap_at);
}

kernel void max_pooling2d_backward(global const float *dy, ulong dy_at, global const int *tap,
                                   ulong tap_at, global const float *x, ulong x_at,
                                   global float *dx, ulong dx_at, struct opencl_pool all)
{
    PIXEL_AND_CHANNEL
    const int width = channel + ITEM_CHANNELS <= g.c ? ITEM_CHANNELS : g.c - channel;
    dy += dy_at, tap += tap_at, x += x_at, dx += dx_at;
    if (width == ITEM_CHANNELS)
        backward(&g, image, pixel, channel, ITEM_CHANNELS, dy, tap, x, dx);
    else
        backward(&g, image, pixel, channel, width, dy, tap, x, dx);
}
