/* conv2d_weights_cpu.cl: the gradients of the kernel and of the bias of convolutions and dense
 * layers on CPU-shaped devices: sums of products over rows (core/arithmetic/order.h), which are
 * output pixels or examples.
 *
 * A unit of work is some channels, with all taps, by some filters, and all groups of rows or one of
 * them. A work-item, which is a work-group, takes it block of rows by block: it copies its channels
 * of x, where the image has a border, and its filters of dy, and adds up the sums in a slice of the
 * workspace of its own. */
#include "common.h"
#include "arguments.h"
#include "columns_cpu.h"
#include "tile_cpu.h"

/* A unit, and its work-item's slice: x [line][column][channels], dy [panel][row][TILE_COLS], and
 * the sums of a group and of all groups, [panel][tap][channel][TILE_COLS]. */
struct unit {
    int c0, channels, f0, filters, panels, part;
    global float *x, *dy, *group, *total;
};

/* Rows [row, end) of the unit's filters of dy; columns past the last are +0. */
INLINE void pack_rows(const struct opencl_weights_cpu *g, const struct unit *u, int row, int end,
                      global const float *dy)
{
    global float *to = u->dy;
    for (int f = 0; f < u->filters; f += TILE_COLS) {
        global const float *from = dy + (long)row * g->filters + u->f0 + f;
        const int n = u->filters - f;
        for (int r = row; r < end; r++, from += g->filters, to += TILE_COLS) {
            STORE(load_some(from, n), to);
            STORE(load_some(from + VECTOR, n - VECTOR), to + VECTOR);
        }
    }
}

/* One pixel's channels. */
INLINE void copy_pixel(global const float *from, int channels, bool there, global float *to)
{
    if (there)
        for (int c = 0; c < channels; c++)
            to[c] = from[c];
    else
        for (int c = 0; c < channels; c++)
            to[c] = 0.0f;
}

/* Lines [first, end) of the unit's channels of an image with its border. */
INLINE void copy_lines(const struct opencl_weights_cpu *g, const struct unit *u,
                       global const float *image, int first, int end, global float *to)
{
    for (int r = first; r < end; r++) {
        const int y = r - g->top;
        for (int col = 0; col < g->pw; col++, to += u->channels) {
            const int x = col - g->left;
            const bool there = y >= 0 && y < g->h && x >= 0 && x < g->w;
            copy_pixel(image + ((long)y * g->w + x) * g->c + u->c0, u->channels, there, to);
        }
    }
}

/* Sets the tile's a and its strides to the pixels of x for the rows [row, end). */
INLINE void find_pixels(const struct opencl_weights_cpu *g, const struct unit *u, int row, int end,
                        global const float *x, struct tile *t)
{
    const int image = row / g->image, line = row % g->image / g->ow;
    const int last = (end - 1) % g->image / g->ow, images = (end - row) / g->image;
    const long size = (long)g->h * g->w * g->c;
    t->skip = g->flat ? 0 : row % g->ow;
    t->terms = end - row;
    if (g->flat) { /* rows lie side by side */
        t->a = x + (long)row * g->c + u->c0;
        return;
    }
    if (!g->bordered) {
        t->a = x + image * size + (long)line * t->a_across + u->c0;
        return;
    }
    const int first = line * g->sh, lines = (last - line) * g->sh + (g->kh - 1) * g->dh + 1;
    t->a = u->x;
    t->a_line = (long)lines * g->pw * u->channels;
    for (int i = 0; i < (images > 1 ? images : 1); i++)
        copy_lines(g, u, x + (image + i) * size, first, first + lines, u->x + i * t->a_line);
}

INLINE struct tile tile_of(const struct opencl_weights_cpu *g, const struct unit *u)
{
    const int pixel = g->bordered ? u->channels : g->c, width = g->bordered ? g->pw : g->w;
    struct tile t = { .as = 1,
                      .ak = g->flat ? pixel : (long)g->sw * pixel,
                      .bk = TILE_COLS,
                      .cs = TILE_COLS,
                      .a_line = (long)g->h * g->w * g->c,
                      .a_across = (long)g->sh * width * pixel,
                      .length = g->flat ? g->rows : g->ow,
                      .across = g->flat ? 1 : g->oh,
                      .block = ISO_BLOCK_ROWS };
    return t;
}

/* The products of rows [row, end), added to the group's sums. Taps whose channels lie side by side
 * are one run of rows of the tile. */
INLINE void add_block(const struct opencl_weights_cpu *g, const struct unit *u, int row, int end,
                      bool add, global const float *x, global const float *dy)
{
    struct tile t = tile_of(g, u);
    const int pixel = g->bordered ? u->channels : g->c, width = g->bordered ? g->pw : g->w;
    const int run = g->dw == 1 && u->channels == pixel ? g->kw : 1, taps = g->kh * g->kw;
    pack_rows(g, u, row, end, dy);
    find_pixels(g, u, row, end, x, &t);
    global const float *a = t.a;
    t.add = add;
    t.rows = run * u->channels;
    for (int p = 0; p < u->panels; p++) {
        t.b = u->dy + (long)p * (end - row) * TILE_COLS;
        t.cols = u->filters - p * TILE_COLS;
        for (int tap = 0; tap < taps; tap += run) {
            t.a = a + ((long)(tap / g->kw) * g->dh * width + tap % g->kw * g->dw) * pixel;
            t.c = u->group + ((long)p * taps + tap) * u->channels * TILE_COLS;
            tiles(&t);
        }
    }
}

/* total = the group's sums, or total + them. */
INLINE void add_group(const struct opencl_weights_cpu *g, const struct unit *u, bool first)
{
    const long n = (long)u->panels * g->kh * g->kw * u->channels * TILE_COLS;
    for (long i = 0; i < n; i += VECTOR) {
        const vec group = LOAD(u->group + i);
        STORE(first ? group : LOAD(u->total + i) + group, u->total + i);
    }
}

/* The unit's sums to out [tap][channel][filter]. */
INLINE void put_sums(const struct opencl_weights_cpu *g, const struct unit *u,
                     global const float *sums, global float *out)
{
    const int taps = g->kh * g->kw;
    for (int f = 0; f < u->filters; f += VECTOR) {
        for (int i = 0; i < taps * u->channels; i++) {
            const int tap = i / u->channels, c = u->c0 + i % u->channels, n = u->filters - f;
            global float *to = out + ((long)tap * g->c + c) * g->filters + u->f0 + f;
            const vec sum =
                LOAD(sums + ((long)(f / TILE_COLS) * taps * u->channels + i) * TILE_COLS +
                     f % TILE_COLS);
            store_some(g->add ? load_some(to, n) + sum : sum, to, n);
        }
    }
}

INLINE struct unit unit_of(const struct opencl_weights_cpu *g, int number, global float *slice)
{
    const int units = g->channel_units * g->filter_units, inner = number % units;
    struct unit u;
    u.part = number / units;
    u.c0 = inner / g->filter_units * g->unit_channels;
    u.f0 = inner % g->filter_units * g->unit_filters;
    u.channels = g->c - u.c0 < g->unit_channels ? g->c - u.c0 : g->unit_channels;
    u.filters = g->filters - u.f0 < g->unit_filters ? g->filters - u.f0 : g->unit_filters;
    u.panels = (u.filters + TILE_COLS - 1) / TILE_COLS;
    u.x = slice;
    u.dy = u.x + g->x_floats;
    u.group = u.dy + g->dy_floats;
    u.total = u.group + g->sum_floats;
    return u;
}

/* Without `split` out is the gradient; with it, the sums of each group. */
KERNEL conv2d_weights_cpu(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                          global float *out, ulong out_at, global float *dbias, ulong dbias_at,
                          global float *slices, ulong slices_at, struct opencl_weights_cpu all)
{
    const struct opencl_weights_cpu g = all;
    const struct iso_rows rows = { g.rows, g.image };
    const int groups = iso_group_count(rows);
    const int units = g.channel_units * g.filter_units * (g.split ? groups : 1);
    const bool single = g.split || groups == 1;
    slices += slices_at + get_group_id(0) * (ulong)g.slice;
    for (int number = get_group_id(0); number < units; number += get_num_groups(0)) {
        const struct unit u = unit_of(&g, number, slices);
        const int first = g.split ? u.part : 0, end_group = g.split ? first + 1 : groups;
        for (int group = first; group < end_group; group++) {
            const int at = iso_group_begin(rows, group), stop = iso_group_end(rows, at);
            for (int row = at, end; row < stop; row = end) {
                end = iso_block_end(rows, row);
                add_block(&g, &u, row, end, row > at, x + x_at, dy + dy_at);
            }
            if (!single)
                add_group(&g, &u, group == 0);
        }
        put_sums(&g, &u, single ? u.group : u.total,
                 out + out_at + (ulong)u.part * g.kh * g.kw * g.c * g.filters);
    }
    if (g.has_bias)
        sum_own_columns(rows, dy + dy_at, g.filters, g.add_bias, dbias + dbias_at);
}
