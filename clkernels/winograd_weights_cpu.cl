/* winograd_weights_cpu.cl: the gradients of the kernel and of the bias of Winograd's convolution on
 * CPU-shaped devices.
 *
 * Tiles are the rows of the sums (core/arithmetic/order.h). A unit of work is some channels by some
 * filters: a work-item, which is a work-group, transforms them, one block of tiles at a time, and
 * adds up the unit's share of the 36 products in a slice of the workspace of its own. Transforming
 * a pixel in several units costs less than sums that cross work-groups. */
#include "common.h"
#include "columns_cpu.h"
#include "winograd_cpu.h"

/* A unit, and its work-item's slice: x [36 planes][tile][stride], one panel of dy [36
 * planes][tile][TILE_COLS], and the sums of the group and of all groups, [36
 * planes][panel][channel][TILE_COLS]. */
struct unit {
    int c0, channels, stride, f0, filters, panels;
    global float *x, *dy, *group, *total;
};

/* One tile of dy, `n` filters from f on; to: [36 planes]. */
INLINE void gradient_tile(const struct opencl_winograd_weights_cpu *g, const struct pixels *dy,
                          struct place at, int f, int n, global float *to)
{
    vec d[16], t[POINTS];
    if (g->tile == 4) {
        load_square(dy, at, f, n, 4, d);
        vector_taps4_square(d, t);
    } else {
        load_square(dy, at, f, n, 2, d);
        vector_taps2_square(d, t);
    }
    UNROLLED(i, POINTS)
        STORE(t[i], to + (long)i * g->dy_plane);
}

/* The points of n tiles from `begin` on of dy, of panel p; columns past the last filter are +0. */
INLINE void panel_points(const struct opencl_winograd_weights_cpu *g, const struct unit *u,
                         const struct pixels *dy, int p, int begin, int n)
{
    for (int i = 0; i < n; i++) {
        const struct place at = place_of(begin + i, g->image_tiles, g->tiles_x, g->tile, 0, 0);
        for (int col = 0; col < TILE_COLS; col += VECTOR) {
            const int f = p * TILE_COLS + col, left = u->filters - f > 0 ? u->filters - f : 0;
            gradient_tile(g, dy, at, u->f0 + f, left, u->dy + i * TILE_COLS + col);
        }
    }
}

/* The products of a block of n tiles in panel p, added to the group's. */
INLINE void add_panel(const struct opencl_winograd_weights_cpu *g, const struct unit *u, int p,
                      int n, bool add)
{
    struct tile t = { .as = 1,
                      .ak = u->stride,
                      .bk = TILE_COLS,
                      .cs = TILE_COLS,
                      .length = n,
                      .across = 1,
                      .terms = n,
                      .block = ISO_BLOCK_ROWS,
                      .rows = u->channels,
                      .cols = TILE_COLS,
                      .add = add };
    for (int i = 0; i < POINTS; i++) {
        t.a = u->x + (long)i * g->x_plane;
        t.b = u->dy + (long)i * g->dy_plane;
        t.c = u->group + (long)i * g->sum_plane + (long)p * u->channels * TILE_COLS;
        tiles(&t);
    }
}

/* Adds a block of tiles [begin, end) to the group's sums: transforms those of x once and those of
 * dy panel by panel, so that they are still in the cache when they are multiplied. */
INLINE void add_block(const struct opencl_winograd_weights_cpu *g, const struct unit *u, int begin,
                      int end, bool add, global const float *x, global const float *dy)
{
    const struct pixels px = { x, g->sh, g->sw, g->sc }, pdy = { dy, g->rh, g->rw, g->rc };
    for (int i = begin; i < end; i++) {
        const struct place at = place_of(i, g->image_tiles, g->tiles_x, g->tile, g->top, g->left);
        source_tile(&px, at, u->c0, u->c0 + u->channels, u->x + (i - begin) * u->stride,
                    g->x_plane);
    }
    for (int p = 0; p < u->panels; p++) {
        panel_points(g, u, &pdy, p, begin, end - begin);
        add_panel(g, u, p, end - begin, add);
    }
}

/* `n` filters from f on of one channel, from their 36 sums. */
INLINE void put_taps(const struct opencl_winograd_weights_cpu *g, const int taps,
                     global const float *sums, int c, int f, int n, global float *dkernel)
{
    vec d[POINTS], t[25];
    UNROLLED(i, POINTS)
        d[i] = LOAD(sums + (long)i * g->sum_plane);
    if (taps == 3)
        vector_result3_square(d, t);
    else
        vector_result5_square(d, t);
    for (int i = 0; i < taps * taps; i++) {
        global float *to = dkernel + ((long)i * g->sc + c) * g->rc + f;
        const vec sum = t[i] + (vec)(start_of_sum()); /* a sum never ends in -0 */
        store_some(g->add ? load_some(to, n) + sum : sum, to, n);
    }
}

INLINE void put_kernel(const struct opencl_winograd_weights_cpu *g, const struct unit *u,
                       global const float *sums, global float *dkernel)
{
    for (int c = 0; c < u->channels; c++) {
        for (int f = 0; f < u->filters; f += VECTOR) {
            global const float *from =
                sums + ((long)f / TILE_COLS * u->channels + c) * TILE_COLS + f % TILE_COLS;
            if (g->taps == 3)
                put_taps(g, 3, from, u->c0 + c, u->f0 + f, u->filters - f, dkernel);
            else
                put_taps(g, 5, from, u->c0 + c, u->f0 + f, u->filters - f, dkernel);
        }
    }
}

/* total = the group's sums, or total + them. */
INLINE void add_group(const struct opencl_winograd_weights_cpu *g, const struct unit *u, bool first)
{
    const long n = POINTS * (long)g->sum_plane;
    for (long i = 0; i < n; i += VECTOR) {
        const vec group = LOAD(u->group + i);
        STORE(first ? group : LOAD(u->total + i) + group, u->total + i);
    }
}

INLINE struct unit unit_of(const struct opencl_winograd_weights_cpu *g, int number,
                           global float *slice)
{
    struct unit u;
    u.c0 = number / g->filter_units * g->channels;
    u.f0 = number % g->filter_units * g->filters;
    u.channels = g->sc - u.c0 < g->channels ? g->sc - u.c0 : g->channels;
    u.filters = g->rc - u.f0 < g->filters ? g->rc - u.f0 : g->filters;
    u.stride = (u.channels + VECTOR - 1) / VECTOR * VECTOR;
    u.panels = (u.filters + TILE_COLS - 1) / TILE_COLS;
    u.x = slice;
    u.dy = u.x + POINTS * (long)g->x_plane;
    u.group = u.dy + POINTS * (long)g->dy_plane;
    u.total = u.group + POINTS * (long)g->sum_plane;
    return u;
}

KERNEL winograd_weights_cpu(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                            global float *dkernel, ulong dkernel_at, global float *dbias,
                            ulong dbias_at, global float *slices, ulong slices_at,
                            struct opencl_winograd_weights_cpu all)
{
    const struct opencl_winograd_weights_cpu g = all;
    const struct iso_rows rows = { g.tiles, g.image_tiles };
    const bool one_group = iso_group_end(rows, 0) == g.tiles;
    const long slice =
        POINTS * ((long)g.x_plane + g.dy_plane + (one_group ? 1 : 2) * (long)g.sum_plane);
    slices += slices_at + get_group_id(0) * slice;
    for (int number = get_group_id(0); number < g.units; number += get_num_groups(0)) {
        const struct unit u = unit_of(&g, number, slices);
        for (int at = 0, stop; at < g.tiles; at = stop) {
            stop = iso_group_end(rows, at);
            for (int row = at, end; row < stop; row = end) {
                end = iso_block_end(rows, row);
                add_block(&g, &u, row, end, row > at, x + x_at, dy + dy_at);
            }
            if (!one_group)
                add_group(&g, &u, at == 0);
        }
        put_kernel(&g, &u, one_group ? u.group : u.total, dkernel + dkernel_at);
    }
    if (g.has_bias) {
        const int image = g.rh * g.rw;
        const struct iso_rows pixels = { g.tiles / g.image_tiles * image, image };
        sum_own_columns(pixels, dy + dy_at, g.rc, g.add_bias, dbias + dbias_at);
    }
}
