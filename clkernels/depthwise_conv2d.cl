/* depthwise_conv2d.cl: each channel convolved by itself (core/ops/depthwise_conv2d.h).
 *
 * A work-item takes one pixel of the result and `width` of its channels, side by side: 1 on a GPU,
 * ITEM_CHANNELS on a CPU, whose compiler makes vector code of the loops over channels. m: results
 * of each input channel; the kernels call with a constant 1 where it is 1, and with a copy of the
 * struct, since Mesa warns of arguments that are read behind a branch. */
#include "common.h"
#include "channels.h"
#include "arguments.h"

static inline void forward(const struct opencl_depthwise *g, int m, int pixel, int channel,
                           int width, global const float *x, global const float *kern,
                           global const float *bias, global float *y)
{
    int ox = pixel % g->ow, oy = pixel / g->ow % g->oh, image = pixel / g->ow / g->oh;
    int left = ISO_BLOCK_TERMS;
    float sum[ITEM_CHANNELS], total[ITEM_CHANNELS];
    x += (ulong)image * g->h * g->w * g->c;
    for (int i = 0; i < width; i++)
        sum[i] = total[i] = start_of_sum();
    for (int ky = 0; ky < g->kh; ky++) {
        for (int kx = 0; kx < g->kw; kx++, kern += g->c * m) {
            int iy = oy * g->sh + ky * g->dh - g->top, ix = ox * g->sw + kx * g->dw - g->left;
            int inside = iy >= 0 && iy < g->h && ix >= 0 && ix < g->w;
            global const float *from = x + (inside ? (iy * g->w + ix) * g->c : 0);
            for (int i = 0; i < width; i++) {
                float value = inside ? from[(channel + i) / m] : 0.0f;
                sum[i] = iso_fma(value, kern[channel + i], sum[i]);
            }
            if (--left == 0) {
                end_block(width, sum, total);
                left = ISO_BLOCK_TERMS;
            }
        }
    }
    end_block(width, sum, total);
    y += (ulong)pixel * g->channels + channel;
    for (int i = 0; i < width; i++) {
        float end = end_of_sum(total[i]);
        y[i] = g->has_bias ? end + bias[channel + i] : end;
    }
}

static inline void backward(const struct opencl_depthwise *g, int m, int pixel, int channel,
                            int width, global const float *dy, global const float *kern,
                            global float *dx)
{
    int x = pixel % g->w + g->left, y = pixel / g->w % g->h + g->top, image = pixel / g->w / g->h;
    int left = ISO_BLOCK_TERMS;
    float sum[ITEM_CHANNELS], total[ITEM_CHANNELS];
    dy += (ulong)image * g->oh * g->ow * g->c * m;
    for (int i = 0; i < width; i++)
        sum[i] = total[i] = start_of_sum();
    for (int ky = 0; ky < g->kh; ky++) {
        for (int kx = 0; kx < g->kw; kx++, kern += g->c * m) {
            int py = y - ky * g->dh, px = x - kx * g->dw, oy = py / g->sh, ox = px / g->sw;
            if (py % g->sh != 0 || px % g->sw != 0)
                continue;
            int inside = oy >= 0 && oy < g->oh && ox >= 0 && ox < g->ow;
            global const float *from = dy + (inside ? (oy * g->ow + ox) * g->c * m : 0);
            for (int d = 0; d < m; d++) {
                for (int i = 0; i < width; i++) {
                    float value = inside ? from[(channel + i) * m + d] : 0.0f;
                    sum[i] = iso_fma(value, kern[(channel + i) * m + d], sum[i]);
                }
                if (--left == 0) {
                    end_block(width, sum, total);
                    left = ISO_BLOCK_TERMS;
                }
            }
        }
    }
    end_block(width, sum, total);
    dx += (ulong)pixel * g->c + channel;
    for (int i = 0; i < width; i++) {
        float end = end_of_sum(total[i]);
        dx[i] = g->add ? dx[i] + end : end;
    }
}

/* out[group, ky, kx, channel] = the sum of x dy over the rows of the group; tap: kw ky + kx. */
static inline void gradient(const struct opencl_depthwise *g, int m, int group, int tap,
                            int channel, int width, global const float *x, global const float *dy,
                            global float *out)
{
    const struct iso_rows r = { g->rows, g->image };
    int row = iso_group_begin(r, group), stop = iso_group_end(r, row), channels = g->c * m;
    float sum[ITEM_CHANNELS], total[ITEM_CHANNELS];
    for (int i = 0; i < width; i++)
        sum[i] = total[i] = start_of_sum();
    while (row < stop) {
        for (int end = iso_block_end(r, row); row < end; row++) {
            int ox = row % g->ow, oy = row / g->ow % g->oh, image = row / g->ow / g->oh;
            int iy = oy * g->sh + tap / g->kw * g->dh - g->top;
            int ix = ox * g->sw + tap % g->kw * g->dw - g->left;
            int inside = iy >= 0 && iy < g->h && ix >= 0 && ix < g->w;
            global const float *from =
                x + (inside ? (((ulong)image * g->h + iy) * g->w + ix) * g->c : 0);
            global const float *d = dy + (ulong)row * channels + channel;
            for (int i = 0; i < width; i++) {
                float value = inside ? from[(channel + i) / m] : 0.0f;
                sum[i] = iso_fma(value, d[i], sum[i]);
            }
        }
        end_block(width, sum, total);
    }
    out += ((ulong)group * g->kh * g->kw + tap) * channels + channel;
    for (int i = 0; i < width; i++)
        out[i] = end_of_sum(total[i]);
}

/* Work-item -> pixel (of the kernel's gradient: group and tap) and first channel. Calls the
 * function with constants where it can. */
#define PIXEL_AND_FILTER                                                                     \
    const struct opencl_depthwise g = all;                                                   \
    int items = (g.channels + ITEM_CHANNELS - 1) / ITEM_CHANNELS, item = get_global_id(0);   \
    int pixel = item / items, channel = item % items * ITEM_CHANNELS;                        \
    int width = g.channels - channel < ITEM_CHANNELS ? g.channels - channel : ITEM_CHANNELS; \
    if (pixel >= g.pixels)                                                                   \
    return
#define CALL(function, where, ...)                             \
    if (g.m > 1)                                               \
        function(&g, g.m, where, channel, width, __VA_ARGS__); \
    else if (width < ITEM_CHANNELS)                            \
        function(&g, 1, where, channel, width, __VA_ARGS__);   \
    else                                                       \
        function(&g, 1, where, channel, ITEM_CHANNELS, __VA_ARGS__)
#define TWO(a, b) a, b

kernel void depthwise_forward(global const float *x, ulong x_at, global const float *kern,
                              ulong kern_at, global const float *bias, ulong bias_at,
                              global float *y, ulong y_at, struct opencl_depthwise all)
{
    PIXEL_AND_FILTER;
    CALL(forward, pixel, x + x_at, kern + kern_at, bias + bias_at, y + y_at);
}

kernel void depthwise_backward(global const float *dy, ulong dy_at, global const float *kern,
                               ulong kern_at, global float *dx, ulong dx_at,
                               struct opencl_depthwise all)
{
    PIXEL_AND_FILTER;
    CALL(backward, pixel, dy + dy_at, kern + kern_at, dx + dx_at);
}

kernel void depthwise_gradient(global const float *x, ulong x_at, global const float *dy,
                               ulong dy_at, global float *out, ulong out_at,
                               struct opencl_depthwise all)
{
    PIXEL_AND_FILTER;
    int taps = g.kh * g.kw;
    CALL(gradient, TWO(pixel / taps, pixel % taps), x + x_at, dy + dy_at, out + out_at);
}
