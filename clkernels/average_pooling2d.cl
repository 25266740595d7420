/* average_pooling2d.cl: the mean of each window's pixels; padding is not counted. The pixels are
 * the terms of a sum of products, or, where the window is the whole image, its rows. */
#include "common.h"
#include "channels.h"
#include "pooling2d.h"

/* Pixels of window (oy, ox) on the image: rows [*y0, *y1), columns [*x0, *x1). Returns their
 * number. */
static inline float pixels(const struct opencl_pool *g, int oy, int ox, int *y0, int *y1, int *x0,
                           int *x1)
{
    int y = oy * g->sh - g->top, x = ox * g->sw - g->left;
    *y0 = y < 0 ? 0 : y;
    *x0 = x < 0 ? 0 : x;
    *y1 = y + g->kh < g->h ? y + g->kh : g->h;
    *x1 = x + g->kw < g->w ? x + g->kw : g->w;
    return (float)((*y1 - *y0) * (*x1 - *x0));
}

static inline void forward(const struct opencl_pool *g, int image, int pixel, int channel,
                           int width, global const float *x, global float *y)
{
    int oy = pixel / g->ow, ox = pixel - oy * g->ow;
    int y0, y1, x0, x1, left = ISO_BLOCK_TERMS;
    float number = pixels(g, oy, ox, &y0, &y1, &x0, &x1), sum[ITEM_CHANNELS], total[ITEM_CHANNELS];
    for (int i = 0; i < width; i++)
        sum[i] = total[i] = start_of_sum();
    x += (ulong)image * g->h * g->w * g->c + channel;
    for (int iy = y0; iy < y1; iy++) {
        for (int ix = x0; ix < x1; ix++) {
            global const float *from = x + (ulong)(iy * g->w + ix) * g->c;
            for (int i = 0; i < width; i++)
                sum[i] = add_term(sum[i], from[i]);
            if (--left == 0) {
                end_block(width, sum, total);
                left = ISO_BLOCK_TERMS;
            }
        }
    }
    end_block(width, sum, total);
    y += ((ulong)image * g->pixels + pixel) * g->c + channel;
    for (int i = 0; i < width; i++)
        y[i] = iso_pool_mean(end_of_sum(total[i]), number);
}

/* The windows that hold this pixel, ascending. */
static inline void backward(const struct opencl_pool *g, int image, int pixel, int channel,
                            int width, global const float *dy, global float *dx)
{
    int row = pixel / g->w, px = pixel - row * g->w + g->left, py = row + g->top;
    int ox0, ox1, oy0, oy1, y0, y1, x0, x1, left = ISO_BLOCK_TERMS;
    float sum[ITEM_CHANNELS], total[ITEM_CHANNELS];
    windows(px, g->kw, g->sw, g->per_sw, g->ow, &ox0, &ox1);
    windows(py, g->kh, g->sh, g->per_sh, g->oh, &oy0, &oy1);
    for (int i = 0; i < width; i++)
        sum[i] = total[i] = start_of_sum();
    for (int oy = oy0; oy <= oy1; oy++) {
        for (int ox = ox0; ox <= ox1; ox++) {
            float share = iso_div(1.0f, pixels(g, oy, ox, &y0, &y1, &x0, &x1));
            ulong from = ((ulong)(image * g->oh + oy) * g->ow + ox) * g->c + channel;
            for (int i = 0; i < width; i++)
                sum[i] = iso_fma(dy[from + i], share, sum[i]);
            if (--left == 0) {
                end_block(width, sum, total);
                left = ISO_BLOCK_TERMS;
            }
        }
    }
    end_block(width, sum, total);
    dx += ((ulong)image * g->pixels + pixel) * g->c + channel;
    for (int i = 0; i < width; i++) {
        float d = end_of_sum(total[i]);
        dx[i] = g->add ? dx[i] + d : d;
    }
}

/* The window is the whole image: a sum over its rows. */
static inline void whole(const struct opencl_pool *g, int image, int channel, int width,
                         global const float *x, global float *y)
{
    const int rows = g->h * g->w;
    float sum[ITEM_CHANNELS], group[ITEM_CHANNELS], total[ITEM_CHANNELS];
    x += (ulong)image * rows * g->c + channel;
    for (int i = 0; i < width; i++)
        sum[i] = group[i] = total[i] = start_of_sum();
    for (int row = 0, blocks = 1; row < rows; blocks++) {
        const int left = rows - row;
        for (int end = row + (left < ISO_BLOCK_ROWS ? left : ISO_BLOCK_ROWS); row < end; row++)
            for (int i = 0; i < width; i++)
                sum[i] = add_term(sum[i], x[(ulong)row * g->c + i]);
        end_block(width, sum, group);
        if (blocks % ISO_GROUP_BLOCKS == 0)
            end_block(width, group, total);
    }
    end_block(width, group, total);
    y += (ulong)image * g->c + channel;
    for (int i = 0; i < width; i++)
        y[i] = iso_pool_mean(end_of_sum(total[i]), (float)rows);
}

kernel void average_pooling2d_forward(global const float *x, ulong x_at, global float *y,
                                      ulong y_at, struct opencl_pool all)
{
    PIXEL_AND_CHANNEL
    if (channel + ITEM_CHANNELS <= g.c)
        forward(&g, image, pixel, channel, ITEM_CHANNELS, x + x_at, y + y_at);
    else
        forward(&g, image, pixel, channel, g.c - channel, x + x_at, y + y_at);
}

kernel void average_pooling2d_whole(global const float *x, ulong x_at, global float *y, ulong y_at,
                                    struct opencl_pool all)
{
    PIXEL_AND_CHANNEL
    if (channel + ITEM_CHANNELS <= g.c)
        whole(&g, image, channel, ITEM_CHANNELS, x + x_at, y + y_at);
    else
        whole(&g, image, channel, g.c - channel, x + x_at, y + y_at);
}

kernel void average_pooling2d_backward(global const float *dy, ulong dy_at, global float *dx,
                                       ulong dx_at, struct opencl_pool all)
{
    PIXEL_AND_CHANNEL
    if (channel + ITEM_CHANNELS <= g.c)
        backward(&g, image, pixel, channel, ITEM_CHANNELS, dy + dy_at, dx + dx_at);
    else
        backward(&g, image, pixel, channel, g.c - channel, dy + dy_at, dx + dx_at);
}
