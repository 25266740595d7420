/* winograd_gpu.cl: the transforms of Winograd's convolution (core/arithmetic/winograd.h);
 * chains_gpu.h has the products between them. Points are [36][tiles][channels].
 *
 * A work-group takes some channels of a tile, side by side along its first axis. SIDE work-items of
 * each channel transform a line of the tile each, and, after they have exchanged these, a column.
 *
 * A kernel's channels are images of one tile, with filters for channels; where it is turned, its
 * filters are the images, with its channels. */
#include "common.h"
#include "arguments.h"
#include "bias_sums.h"
#include "winograd_tiles.h"

enum { COLUMNS = OPENCL_GROUP_COLUMNS };

/* A work-item's channel, the last one for those past it, which write nothing; its line or column;
 * and the pixel at which its tile begins, of the image at `image`. */
struct own {
    int there, channel, line, y, x;
    ulong image;
};

static inline struct own own_tile(const struct opencl_tiles *g, int tile)
{
    const int number = g->first + tile, image = quotient(number, g->image_tiles, g->per_image);
    const int inner = number - image * g->image_tiles,
              row = quotient(inner, g->tiles_x, g->per_row);
    const int channel = get_group_id(1) * get_local_size(0) + get_local_id(0);
    struct own own = { .there = channel < g->c, .line = get_local_id(1) };
    own.channel = own.there ? channel : g->c - 1;
    own.y = row * g->step - g->top;
    own.x = (inner - row * g->tiles_x) * g->step - g->left;
    own.image = (ulong)image * g->image_step + (ulong)own.channel * g->channel_step;
    return own;
}

/* Floats from a point to the next. */
static inline ulong points_apart(const struct opencl_tiles *g) { return (ulong)g->tiles * g->c; }

/* The work-item's place in a stage: of element `i` of its line, or of its column. */
#define LINE(i) ((own.line * SIDE + (i)) * COLUMNS + get_local_id(0))
#define COLUMN(i) (((i)*SIDE + own.line) * COLUMNS + get_local_id(0))

/* The work-item's line of pixels; +0 outside of the image, and past the tile's side. A turned
 * kernel has its taps in reverse order. */
static inline void load_line(const struct opencl_tiles *g, struct own own, global const float *x,
                             float *d)
{
    const int last = g->side - 1, y = own.y + (g->turned ? last - own.line : own.line);
    const int there = own.line <= last && y >= 0 && y < g->h;
    x += own.image;
    UNROLLED(j, SIDE) {
        const int at = own.x + (g->turned ? last - j : j);
        d[j] = 0.0f;
        if (there && j <= last && at >= 0 && at < g->w)
            d[j] = x[((ulong)y * g->w + at) * g->pixel_step];
    }
}

/* The one set of tiles or the other, of what winograd_points reads: member by member, because
 * Mesa's compilers lose a struct that is chosen as a whole. */
#define EITHER(member) .member = second ? b->member : a->member
static inline struct opencl_tiles either(int second, const struct opencl_tiles *a,
                                         const struct opencl_tiles *b)
{
    const struct opencl_tiles g = { EITHER(h),          EITHER(w),           EITHER(c),
                                    EITHER(step),       EITHER(top),         EITHER(left),
                                    EITHER(tiles_x),    EITHER(image_tiles), EITHER(first),
                                    EITHER(tiles),      EITHER(side),        EITHER(image_step),
                                    EITHER(pixel_step), EITHER(per_image),   EITHER(per_row),
                                    EITHER(turned),     EITHER(channel_step) };
    return g;
}

/* The column of the matrix whose sum over rows a work-item is to add. */
static inline int bias_column(void)
{
    return (int)get_group_id(1) * (int)get_local_size(0) + (int)get_local_id(0);
}

/* Makes points of both operands' pixels: the work-groups of the first tiles make v of x, and those
 * of the others, if there are any, u of w. The rest are for a bias's gradient: they add w over the
 * rows of each of its places. */
kernel void winograd_points(global const float *x, ulong x_at, global float *v, ulong v_at,
                            struct opencl_tiles source, global const float *w, ulong w_at,
                            global float *u, ulong u_at, struct opencl_tiles taps,
                            global float *places, ulong places_at, struct opencl_bias bias)
{
    local float stage[POINTS * COLUMNS];
    const struct opencl_tiles one = source, other = taps;
    const struct opencl_bias b = bias;
    const int second = (int)get_group_id(0) >= one.tiles;
    const struct opencl_tiles g = either(second, &one, &other);
    const int tile = (int)get_group_id(0) - (second ? one.tiles : 0);
    if (second && tile >= g.tiles) {
        add_bias_place(&b, tile - g.tiles, get_local_id(0), bias_column(), get_local_id(1), SIDE,
                       stage, POINTS, w + w_at, places + places_at);
        return;
    }
    const struct own own = own_tile(&g, tile);
    global float *to = (second ? u + u_at : v + v_at) + (ulong)tile * g.c + own.channel;
    float d[SIDE], t[SIDE];
    load_line(&g, own, second ? w + w_at : x + x_at, d);
    to_points(g.side, d, t);
    UNROLLED(j, SIDE)
        stage[LINE(j)] = t[j];
    barrier(CLK_LOCAL_MEM_FENCE);
    UNROLLED(i, SIDE)
        d[i] = stage[COLUMN(i)];
    to_points(g.side, d, t);
    UNROLLED(i, SIDE)
        if (own.there)
            to[(i * SIDE + own.line) * points_apart(&g)] = t[i];
}

/* The work-item's line of points; of several parts, their sum in ascending order. */
static inline void load_points(const struct opencl_tiles *g, int line, global const float *x,
                               float *d)
{
    const ulong next = points_apart(g);
    x += line * SIDE * next;
    UNROLLED(j, SIDE)
        d[j] = x[j * next];
    for (int part = 1; part < g->parts; part++) {
        x += POINTS * next;
        UNROLLED(j, SIDE)
            d[j] = add_term(d[j], x[j * next]);
    }
}

/* Points to the results of each tile. bias: for gradients, what the activation before gave. Of a
 * kernel's gradient, the places of the bias's follow the points, and the last work-groups add these
 * to what follows the gradient. */
kernel void winograd_results(global const float *x, ulong x_at, global const float *bias,
                             ulong bias_at, global float *y, ulong y_at, struct opencl_tiles all)
{
    local float stage[POINTS * COLUMNS];
    const struct opencl_tiles g = all;
    const int tile = get_group_id(0);
    if (tile == g.tiles) {
        add_bias_total(g.bias_groups, g.c, get_local_id(0), bias_column(), get_local_id(1), SIDE,
                       stage, x + x_at + (ulong)g.parts * POINTS * points_apart(&g),
                       y + y_at + (ulong)(g.h * g.w) * g.pixel_step, g.add);
        return;
    }
    const struct own own = own_tile(&g, tile);
    float d[SIDE], t[SIDE];
    load_points(&g, own.line, x + x_at + (ulong)tile * g.c + own.channel, d);
    to_results(g.side, d, t);
    UNROLLED(j, SIDE)
        stage[LINE(j)] = t[j];
    barrier(CLK_LOCAL_MEM_FENCE);
    UNROLLED(i, SIDE)
        d[i] = stage[COLUMN(i)];
    to_results(g.side, d, t);
    UNROLLED(i, SIDE)
        stage[COLUMN(i)] = t[i];
    const int end = own.there && own.line < g.side && own.x + own.line < g.w ? g.side : 0;
    const float b = g.has_bias ? bias[bias_at + own.channel] : 0.0f;
    _Pragma("unroll 1") for (int i = 0; i < end && own.y + i < g.h; i++)
    {
        const ulong at = own.image + ((ulong)(own.y + i) * g.w + own.x + own.line) * g.pixel_step;
        put_result(&g, end_of_sum(stage[COLUMN(i)]), b, bias + bias_at + at, y + y_at + at);
    }
}
