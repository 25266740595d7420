/* depthwise_conv2d.cl: each channel convolved by itself (core/ops/depthwise_conv2d.h).
 *
 * A work-item takes one pixel of the result and `width` of its channels, side by side: 1 on a GPU,
 * ITEM_CHANNELS on a CPU, whose compiler makes vector code of the loops over channels. m: results
 * of each input channel; the kernels call with a constant 1 where it is 1, and with a copy of the
 * struct, since Mesa warns of arguments that are read behind a branch. */
#include "common.h"
#include "channels.h"
#include "pixels.h"
#include "arguments.h"

static inline void forward(const struct opencl_depthwise *g, int m, int image, int pixel,
                           int channel, int width, global const float *x, global const float *kern,
                           global const float *bias, global float *y)
{
    int oy = pixel / g->ow, ox = pixel - oy * g->ow;
    int left = ISO_BLOCK_TERMS, of[ITEM_CHANNELS];
    float sum[ITEM_CHANNELS], total[ITEM_CHANNELS];
    x += (ulong)image * g->h * g->w * g->c;
    for (int i = 0; i < width; i++) {
        of[i] = (channel + i) / m; /* the input's channel */
        sum[i] = total[i] = start_of_sum();
    }
    for (int ky = 0; ky < g->kh; ky++) {
        for (int kx = 0; kx < g->kw; kx++, kern += g->c * m) {
            int iy = oy * g->sh + ky * g->dh - g->top, ix = ox * g->sw + kx * g->dw - g->left;
            int inside = iy >= 0 && iy < g->h && ix >= 0 && ix < g->w;
            global const float *from = x + (inside ? (iy * g->w + ix) * g->c : 0);
            for (int i = 0; i < width; i++) {
                float value = inside ? from[m == 1 ? channel + i : of[i]] : 0.0f;
                sum[i] = iso_fma(value, kern[channel + i], sum[i]);
            }
            if (--left == 0) {
                end_block(width, sum, total);
                left = ISO_BLOCK_TERMS;
            }
        }
    }
    end_block(width, sum, total);
    y += ((ulong)image * g->pixels + pixel) * g->channels + channel;
    for (int i = 0; i < width; i++) {
        float end = end_of_sum(total[i]);
        y[i] = g->has_bias ? end + bias[channel + i] : end;
    }
}

static inline void backward(const struct opencl_depthwise *g, int m, int image, int pixel,
                            int channel, int width, global const float *dy,
                            global const float *kern, global float *dx)
{
    const int row = pixel / g->w, column = pixel - row * g->w;
    const struct strided down = strided(g->dh, g->sh), across = strided(g->dw, g->sw);
    const struct strided first = strided(column + g->left, g->sw);
    struct strided y = strided(row + g->top, g->sh); /* the output's row, for tap row ky */
    int left = ISO_BLOCK_TERMS;
    float sum[ITEM_CHANNELS], total[ITEM_CHANNELS];
    dy += (ulong)image * g->oh * g->ow * g->c * m;
    for (int i = 0; i < width; i++)
        sum[i] = total[i] = start_of_sum();
    for (int ky = 0; ky < g->kh; ky++, y = before(y, down, g->sh)) {
        struct strided x = first;
        for (int kx = 0; kx < g->kw; kx++, x = before(x, across, g->sw), kern += g->c * m) {
            if (y.rest != 0 || x.rest != 0)
                continue;
            int inside = y.at >= 0 && y.at < g->oh && x.at >= 0 && x.at < g->ow;
            global const float *from = dy + (inside ? (y.at * g->ow + x.at) * g->c * m : 0);
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
    dx += ((ulong)image * g->pixels + pixel) * g->c + channel;
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
    int ky = tap / g->kw, kx = tap - ky * g->kw, image = row / g->image;
    int pixel = row - image * g->image, oy = pixel / g->ow, ox = pixel - oy * g->ow;
    const int size = iso_block_rows(r); /* blocks end with an image that has more rows */
    int image_end = g->image > size ? (image + 1) * g->image : stop;
    int of[ITEM_CHANNELS];
    float sum[ITEM_CHANNELS], total[ITEM_CHANNELS];
    for (int i = 0; i < width; i++) {
        of[i] = (channel + i) / m; /* the input's channel */
        sum[i] = total[i] = start_of_sum();
    }
    while (row < stop) {
        const int left = (image_end < stop ? image_end : stop) - row;
        for (int end = row + (left < size ? left : size); row < end; row++) {
            int iy = oy * g->sh + ky * g->dh - g->top, ix = ox * g->sw + kx * g->dw - g->left;
            int inside = iy >= 0 && iy < g->h && ix >= 0 && ix < g->w;
            global const float *from =
                x + (inside ? (((ulong)image * g->h + iy) * g->w + ix) * g->c : 0);
            global const float *d = dy + (ulong)row * channels + channel;
            for (int i = 0; i < width; i++) {
                float value = inside ? from[m == 1 ? channel + i : of[i]] : 0.0f;
                sum[i] = iso_fma(value, d[i], sum[i]);
            }
            next_pixel(g->ow, g->oh, &ox, &oy, &image);
        }
        image_end += row == image_end ? g->image : 0;
        end_block(width, sum, total);
    }
    out += ((ulong)group * g->kh * g->kw + tap) * channels + channel;
    for (int i = 0; i < width; i++)
        out[i] = end_of_sum(total[i]);
}

/* Work-item -> first channel, pixel and image (of the kernel's gradient: tap and group). Calls the
 * function with constants where it can. */
#define PIXEL_AND_FILTER                                                                     \
    const struct opencl_depthwise g = all;                                                   \
    const int channel = get_global_id(0) * ITEM_CHANNELS, pixel = get_global_id(1);          \
    const int image = get_global_id(2);                                                      \
    int width = g.channels - channel < ITEM_CHANNELS ? g.channels - channel : ITEM_CHANNELS; \
    if (pixel >= g.pixels || channel >= g.channels)                                          \
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
    CALL(forward, TWO(image, pixel), x + x_at, kern + kern_at, bias + bias_at, y + y_at);
}

kernel void depthwise_backward(global const float *dy, ulong dy_at, global const float *kern,
                               ulong kern_at, global float *dx, ulong dx_at,
                               struct opencl_depthwise all)
{
    PIXEL_AND_FILTER;
    CALL(backward, TWO(image, pixel), dy + dy_at, kern + kern_at, dx + dx_at);
}

kernel void depthwise_gradient(global const float *x, ulong x_at, global const float *dy,
                               ulong dy_at, global float *out, ulong out_at,
                               struct opencl_depthwise all)
{
    PIXEL_AND_FILTER;
    CALL(gradient, TWO(image, pixel), x + x_at, dy + dy_at, out + out_at);
}
