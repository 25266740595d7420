/* winograd_gpu.cl: the transforms of Winograd's convolution (core/winograd.h); chains_gpu.h has the
 * products between them. A work-item takes a channel of a tile. Points are [36][tiles][channels].
 *
 * A kernel is an image of one tile, whose channels are its channels times its filters. */
#include "common.h"
#include "arguments.h"
#include "core/winograd.h"

enum { SIDE = ISO_WINOGRAD_SIDE, POINTS = ISO_WINOGRAD_POINTS };

/* Returns where the tile's image begins, and the pixel of it where the tile does. */
static inline ulong tile_of(const struct opencl_tiles *g, int tile, int *y, int *x)
{
    int number = g->first + tile, inner = number % g->image_tiles;
    *y = inner / g->tiles_x * g->step - g->top;
    *x = inner % g->tiles_x * g->step - g->left;
    return (ulong)(number / g->image_tiles) * g->h * g->w * g->c;
}

/* A turned kernel has filters for channels: where this one lies. */
static inline int channel_of(const struct opencl_tiles *g, int channel)
{
    int channels = g->turned != 0 ? g->c / g->turned : 1;
    return g->turned != 0 ? channel % channels * g->turned + channel / channels : channel;
}

/* Pixel (y, x) of a channel of an image; +0 outside. */
static inline float pixel_at(const struct opencl_tiles *g, global const float *image, int y, int x)
{
    float pixel = 0.0f;
    if (y >= 0 && y < g->h && x >= 0 && x < g->w)
        pixel = image[((ulong)y * g->w + x) * g->c];
    return pixel;
}

/* Puts a result at pixel (y, x), if that lies on the image. */
static inline void put_result(const struct opencl_tiles *g, global float *image, int y, int x,
                              float result, float bias)
{
    if (y < g->h && x < g->w) {
        global float *to = image + ((ulong)y * g->w + x) * g->c;
        result = end_of_sum(result);
        result = g->has_bias ? result + bias : result;
        *to = g->add ? *to + result : result;
    }
}

/* Applies the activation to the result at pixel (y, x), if that lies on the image, or passes it
 * back through one, which gave `results`. */
static inline void activate(const struct opencl_tiles *g, global const float *results,
                            global float *image, int y, int x)
{
    if (y < g->h && x < g->w) {
        const ulong at = ((ulong)y * g->w + x) * g->c;
        image[at] = g->gradient ? passed_back(g->activation, g->alpha, results[at], image[at])
                                : iso_act(g->activation - 1, g->alpha, image[at]);
    }
}

/* Work-items along the first axis take the channels, the second axis the tiles. They work with a
 * copy of the struct, since Mesa warns of arguments that are read behind a branch. */
#define TILE_AND_CHANNEL                                                       \
    const struct opencl_tiles g = all;                                         \
    int channel = get_global_id(0), tile = get_global_id(1), top, left;        \
    ulong image = tile_of(&g, tile, &top, &left), next = (ulong)g.tiles * g.c; \
    ulong point = (ulong)tile * g.c + channel;                                 \
    if (channel >= g.c || tile >= g.tiles)                                     \
        return;

/* n x n pixels of each tile to points, by iso_winograd_<transform>; a turned kernel has its taps in
 * reverse order. */
#define TO_POINTS(name, transform, n)                                                            \
    kernel void winograd_##name(global const float *x, ulong x_at, global float *y, ulong y_at,  \
                                struct opencl_tiles all)                                         \
    {                                                                                            \
        TILE_AND_CHANNEL                                                                         \
        float pixels[(n) * (n)], points[POINTS];                                                 \
        x += x_at + image + channel_of(&g, channel);                                             \
        y += y_at + point;                                                                       \
        UNROLLED(i, n)                                                                           \
            UNROLLED(j, n) {                                                                     \
                int down = g.turned != 0 ? (n)-1 - i : i, right = g.turned != 0 ? (n)-1 - j : j; \
                pixels[(n)*i + j] = pixel_at(&g, x, top + down, left + right);                   \
            }                                                                                    \
        iso_winograd_##transform(pixels, points);                                                \
        UNROLLED(p, POINTS)                                                                      \
            y[p * next] = points[p];                                                             \
    }
TO_POINTS(source, source_square, SIDE)
TO_POINTS(taps2, taps2_square, 2)
TO_POINTS(taps3, taps3_square, 3)
TO_POINTS(taps4, taps4_square, 4)
TO_POINTS(taps5, taps5_square, 5)

/* The end of a tile of n x n results: the activation of a convolution's, or of its input
 * gradient's; the gradient of a kernel has none. */
#define ACTIVATE(n)                                                              \
    _Pragma("unroll 1") for (int i = 0; g.activation != 0 && i < (n) * (n); i++) \
        activate(&g, bias + bias_at + image + channel, y, top + i / (n), left + i % (n));
#define LEAVE(n)

/* Points to n x n results of each tile. */
#define TO_RESULTS(n, END)                                                                      \
    kernel void winograd_result##n(global const float *x, ulong x_at, global const float *bias, \
                                   ulong bias_at, global float *y, ulong y_at,                  \
                                   struct opencl_tiles all)                                     \
    {                                                                                           \
        TILE_AND_CHANNEL                                                                        \
        float points[POINTS], results[(n) * (n)];                                               \
        float b = g.has_bias ? bias[bias_at + channel] : 0.0f;                                  \
        x += x_at + point;                                                                      \
        y += y_at + image + channel;                                                            \
        UNROLLED(p, POINTS)                                                                     \
            points[p] = x[p * next];                                                            \
        iso_winograd_result##n##_square(points, results);                                       \
        UNROLLED(i, n)                                                                          \
            UNROLLED(j, n)                                                                      \
                put_result(&g, y, top + i, left + j, results[(n)*i + j], b);                    \
        END(n)                                                                                  \
    }
TO_RESULTS(2, ACTIVATE)
TO_RESULTS(3, LEAVE)
TO_RESULTS(4, ACTIVATE)
TO_RESULTS(5, LEAVE)
