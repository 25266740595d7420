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

/* Finds the channel and the tile of a work-item of group number `group`; false past the last one.
 * A work-group takes some channels of some tiles; of a single tile, as many channels as it has
 * work-items. */
static inline bool own_tile(const struct opencl_tiles *g, int group, int *channel, int *tile)
{
    const int column = get_local_id(0), line = get_local_id(1);
    const int columns = get_local_size(0), lines = get_local_size(1);
    const int across = g->tiles == 1 ? 1 : (g->c + columns - 1) / columns;
    *channel = g->tiles == 1 ? (group * lines + line) * columns + column
                             : group % across * columns + column;
    *tile = g->tiles == 1 ? 0 : group / across * lines + line;
    return *channel < g->c && *tile < g->tiles;
}

static inline ulong points_apart(const struct opencl_tiles *g) { return (ulong)g->tiles * g->c; }

/* n x n pixels of each tile to points, by iso_winograd_<transform>; a turned kernel has its taps in
 * reverse order. */
#define TO_POINTS(name, transform, n)                                                              \
    static inline void name##_to_points(const struct opencl_tiles *g, int group,                   \
                                        global const float *x, global float *y)                    \
    {                                                                                              \
        int channel, tile, top, left;                                                              \
        float pixels[(n) * (n)], points[POINTS];                                                   \
        if (!own_tile(g, group, &channel, &tile))                                                  \
            return;                                                                                \
        x += tile_of(g, tile, &top, &left) + channel_of(g, channel);                               \
        y += (ulong)tile * g->c + channel;                                                         \
        UNROLLED(i, n)                                                                             \
            UNROLLED(j, n) {                                                                       \
                int down = g->turned != 0 ? (n)-1 - i : i, right = g->turned != 0 ? (n)-1 - j : j; \
                pixels[(n)*i + j] = pixel_at(g, x, top + down, left + right);                      \
            }                                                                                      \
        iso_winograd_##transform(pixels, points);                                                  \
        UNROLLED(p, POINTS)                                                                        \
            y[p * points_apart(g)] = points[p];                                                    \
    }
TO_POINTS(source, source_square, SIDE)
TO_POINTS(taps2, taps2_square, 2)
TO_POINTS(taps3, taps3_square, 3)
TO_POINTS(taps4, taps4_square, 4)
TO_POINTS(taps5, taps5_square, 5)

/* Both operands of the products in one launch: the source, by work-groups [0, groups), and the
 * taps, by the others. They work with copies of the structs, since Mesa warns of arguments that are
 * read behind a branch. */
#define OPERANDS(taps)                                                                         \
    kernel void winograd_source_##taps(global const float *x, ulong x_at, global float *v,     \
                                       ulong v_at, struct opencl_tiles source_tiles,           \
                                       global const float *w, ulong w_at, global float *u,     \
                                       ulong u_at, struct opencl_tiles taps_tiles, int groups) \
    {                                                                                          \
        const struct opencl_tiles source = source_tiles, other = taps_tiles;                   \
        const int group = get_group_id(0);                                                     \
        if (group < groups)                                                                    \
            source_to_points(&source, group, x + x_at, v + v_at);                              \
        else                                                                                   \
            taps##_to_points(&other, group - groups, w + w_at, u + u_at);                      \
    }
OPERANDS(taps2)
OPERANDS(taps3)
OPERANDS(taps4)
OPERANDS(taps5)

/* Points to n x n results of each tile. Where the points are sums of parts, they are added first.
 */
#define TO_RESULTS(n)                                                                           \
    kernel void winograd_result##n(global const float *x, ulong x_at, global const float *bias, \
                                   ulong bias_at, global float *y, ulong y_at,                  \
                                   struct opencl_tiles all)                                     \
    {                                                                                           \
        const struct opencl_tiles g = all;                                                      \
        int channel, tile, top, left;                                                           \
        float points[POINTS], results[(n) * (n)];                                               \
        if (!own_tile(&g, get_group_id(0), &channel, &tile))                                    \
            return;                                                                             \
        const ulong image = tile_of(&g, tile, &top, &left);                                     \
        float b = g.has_bias ? bias[bias_at + channel] : 0.0f;                                  \
        x += x_at + (ulong)tile * g.c + channel;                                                \
        y += y_at + image + channel;                                                            \
        bias += bias_at + image + channel; /* used if a gradient passes back */                 \
        UNROLLED(p, POINTS)                                                                     \
            points[p] = x[p * points_apart(&g)];                                                \
        for (int part = 1; part < g.parts; part++) {                                            \
            x += POINTS * points_apart(&g);                                                     \
            UNROLLED(p, POINTS)                                                                 \
                points[p] = add_term(points[p], x[p * points_apart(&g)]);                       \
        }                                                                                       \
        iso_winograd_result##n##_square(points, results);                                       \
        UNROLLED(i, n)                                                                          \
            UNROLLED(j, n)                                                                      \
                put_result(&g, y, top + i, left + j, results[(n)*i + j], b);                    \
        _Pragma("unroll 1") for (int i = 0; g.activation != 0 && i < (n) * (n); i++)            \
            activate(&g, bias, y, top + i / (n), left + i % (n));                               \
    }
TO_RESULTS(2)
TO_RESULTS(3)
TO_RESULTS(4)
TO_RESULTS(5)
