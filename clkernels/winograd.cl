/* winograd.cl: the transforms of Winograd's convolution (core/winograd.h); chains.cl has the
 * products between them. A work-item takes a channel of a tile. Points are [36][tiles][channels].
 *
 * A kernel is an image of one tile, whose channels are its channels times its filters. */
#include "common.h"
#include "arguments.h"
#include "core/winograd.h"

enum { SIDE = ISO_WINOGRAD_SIDE, POINTS = ISO_WINOGRAD_POINTS };

/* Returns the tile's image, and the pixel of it where the tile begins. */
static inline ulong tile_of(const struct opencl_tiles *g, int tile, int *y, int *x)
{
    int number = g->first + tile, inner = number % g->image_tiles;
    *y = inner / g->tiles_x * g->step - g->top;
    *x = inner % g->tiles_x * g->step - g->left;
    return (ulong)(number / g->image_tiles) * g->h * g->w * g->c;
}

/* Pixels n x n of the tile, +0 outside of the image. A turned kernel has its taps in reverse order,
 * and channels for filters. */
static inline void load_pixels(const struct opencl_tiles *g, int tile, int channel, int n,
                               global const float *x, float *pixels)
{
    int top, left, turned = g->turned != 0, channels = turned ? g->c / g->turned : 1;
    ulong image = tile_of(g, tile, &top, &left);
    if (turned)
        channel = channel % channels * g->turned + channel / channels;
    x += image + channel;
#pragma unroll
    for (int i = 0; i < n; i++) {
#pragma unroll
        for (int j = 0; j < n; j++) {
            int row = top + (turned ? n - 1 - i : i), column = left + (turned ? n - 1 - j : j);
            bool inside = row >= 0 && row < g->h && column >= 0 && column < g->w;
            float pixel = x[inside ? ((ulong)row * g->w + column) * g->c : 0];
            pixels[n * i + j] = inside ? pixel : 0.0f;
        }
    }
}

static inline void store_points(const struct opencl_tiles *g, int tile, int channel,
                                const float *points, global float *y)
{
    ulong next = (ulong)g->tiles * g->c;
    y += (ulong)tile * g->c + channel;
#pragma unroll
    for (int p = 0; p < POINTS; p++)
        y[p * next] = points[p];
}

static inline void load_points(const struct opencl_tiles *g, int tile, int channel,
                               global const float *x, float *points)
{
    ulong next = (ulong)g->tiles * g->c;
    x += (ulong)tile * g->c + channel;
#pragma unroll
    for (int p = 0; p < POINTS; p++)
        points[p] = x[p * next];
}

/* Those of n x n results that lie on the image. */
static inline void store_results(const struct opencl_tiles *g, int tile, int channel, int n,
                                 const float *results, global const float *bias, global float *y)
{
    int top, left;
    y += tile_of(g, tile, &top, &left) + channel;
    float b = g->has_bias ? bias[channel] : 0.0f;
#pragma unroll
    for (int i = 0; i < n; i++) {
#pragma unroll
        for (int j = 0; j < n; j++) {
            if (top + i < g->h && left + j < g->w) {
                float result = end_of_sum(results[n * i + j]);
                global float *to = y + ((ulong)(top + i) * g->w + left + j) * g->c;
                result = g->has_bias ? result + b : result;
                *to = g->add ? *to + result : result;
            }
        }
    }
}

/* Work-items along the first axis take the channels, the second axis the tiles. */
#define TILE_AND_CHANNEL                                     \
    int channel = get_global_id(0), tile = get_global_id(1); \
    if (channel >= g.c || tile >= g.tiles)                   \
        return;

/* Pixels n x n of each tile to points, by iso_winograd_<transform>. */
#define TO_POINTS(name, transform, n)                                                           \
    kernel void winograd_##name(global const float *x, ulong x_at, global float *y, ulong y_at, \
                                struct opencl_tiles g)                                          \
    {                                                                                           \
        TILE_AND_CHANNEL                                                                        \
        float pixels[(n) * (n)], points[POINTS];                                                \
        load_pixels(&g, tile, channel, n, x + x_at, pixels);                                    \
        iso_winograd_##transform(pixels, points);                                               \
        store_points(&g, tile, channel, points, y + y_at);                                      \
    }
TO_POINTS(source, source_square, SIDE)
TO_POINTS(taps2, taps2_square, 2)
TO_POINTS(taps3, taps3_square, 3)
TO_POINTS(taps4, taps4_square, 4)
TO_POINTS(taps5, taps5_square, 5)

/* Points to results n x n of each tile. */
#define TO_RESULTS(n)                                                                           \
    kernel void winograd_result##n(global const float *x, ulong x_at, global const float *bias, \
                                   ulong bias_at, global float *y, ulong y_at,                  \
                                   struct opencl_tiles g)                                       \
    {                                                                                           \
        TILE_AND_CHANNEL                                                                        \
        float points[POINTS], results[(n) * (n)];                                               \
        load_points(&g, tile, channel, x + x_at, points);                                       \
        iso_winograd_result##n##_square(points, results);                                       \
        store_results(&g, tile, channel, n, results, bias + bias_at, y + y_at);                 \
    }
TO_RESULTS(2)
TO_RESULTS(3)
TO_RESULTS(4)
TO_RESULTS(5)
