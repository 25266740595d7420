/* conv2d_cpu.cl: forward pass and input gradient of convolutions and dense layers on CPU-shaped
 * devices: sums of products over taps and channels (core/arithmetic/order.h).
 *
 * A work-item is a work-group. The kernel's columns are packed in panels of TILE_COLS. Where there
 * are many pixels, a work-item takes bands of lines through all panels; lines that have a border
 * are copied with it to a slice of the workspace of its own. Where there are few rows and large
 * weights, it takes panels, packs each into its slice, and takes all rows through it. */
#include "common.h"
#include "arguments.h"
#include "tile_cpu.h"

/* ---- Panels ---- */

/* Transposes a square: r[i] element j goes to r[j] element i. */
INLINE void transpose(vec *r)
{
    for (int round = 1; round < VECTOR; round *= 2) {
        vec t[VECTOR];
        UNROLLED(i, VECTOR / 2) {
            t[2 * i].even = r[i].lo;
            t[2 * i].odd = r[i + VECTOR / 2].lo;
            t[2 * i + 1].even = r[i].hi;
            t[2 * i + 1].odd = r[i + VECTOR / 2].hi;
        }
        UNROLLED(i, VECTOR)
            r[i] = t[i];
    }
}

/* VECTOR columns, from col on, of `count` terms that lie side by side, in a panel. */
INLINE void transpose_columns(global const float *w, long w_col, int cols, int count,
                              global float *to)
{
    for (int k = 0; k < count; k += VECTOR, to += VECTOR * TILE_COLS) {
        vec r[VECTOR];
        UNROLLED(i, VECTOR)
            r[i] = i < cols ? load_some(w + i * w_col + k, count - k) : (vec)(0.0f);
        transpose(r);
        UNROLLED(i, VECTOR)
            if (k + i < count)
                STORE(r[i], to + i * TILE_COLS);
    }
}

/* Terms of one tap, `count` channels, of a panel that begins at column `col`. */
INLINE void pack_tap(const struct opencl_panels_cpu *g, global const float *w, int col, int count,
                     global float *to)
{
    const int cols = g->cols - col;
    w += (long)col * g->w_col;
    if (g->w_c == 1 && g->w_col != 1) {
        transpose_columns(w, g->w_col, cols, count, to);
        transpose_columns(w + VECTOR * g->w_col, g->w_col, cols - VECTOR, count, to + VECTOR);
        return;
    }
    for (int k = 0; k < count; k++, w += g->w_c, to += TILE_COLS) {
        STORE(load_some(w, cols), to);
        STORE(load_some(w + VECTOR, cols - VECTOR), to + VECTOR);
    }
}

/* to[k][TILE_COLS], all terms. */
INLINE void pack_panel(const struct opencl_panels_cpu *g, global const float *w, int col,
                       global float *to)
{
    for (int ty = 0; ty < g->taps_y; ty++)
        for (int tx = 0; tx < g->taps_x; tx++, to += (long)g->segment * TILE_COLS)
            pack_tap(g, w + (long)ty * g->w_ty + (long)tx * g->w_tx, col, g->segment, to);
}

/* A work-item packs one tap of one panel. */
KERNEL conv2d_cpu_pack(global const float *w, ulong w_at, global float *to, ulong to_at,
                       struct opencl_panels_cpu all)
{
    const struct opencl_panels_cpu g = all;
    const int tap = get_group_id(0), panel = get_group_id(1);
    w += w_at + (long)(tap / g.taps_x) * g.w_ty + (long)(tap % g.taps_x) * g.w_tx;
    to += to_at + ((long)panel * g.taps_y * g.taps_x + tap) * g.segment * TILE_COLS;
    pack_tap(&g, w, panel * TILE_COLS, g.segment, to);
}

/* ---- Bands ---- */

/* Lines [first, end) of an image, those outside of it too, to[line - first][pw][sc]. */
INLINE void copy_bordered(const struct opencl_taps_cpu *g, global const float *image, int first,
                          int end, global float *to)
{
    const int left = g->col0 < 0 ? -g->col0 : 0, line = g->pw * g->sc;
    const int from = g->col0 > 0 ? g->col0 : 0;
    const int there = g->sw - from < g->pw - left ? g->sw - from : g->pw - left;
    for (int y = first; y < end; y++, to += line) {
        const int begin = y >= 0 && y < g->sh ? left * g->sc : line;
        const int stop = y >= 0 && y < g->sh ? begin + there * g->sc : line;
        global const float *source = image + ((long)y * g->sw + from) * g->sc - begin;
        for (int i = 0; i < begin; i++)
            to[i] = 0.0f;
        for (int i = begin; i < stop; i++)
            to[i] = source[i];
        for (int i = stop; i < line; i++)
            to[i] = 0.0f;
    }
}

INLINE struct tile tile_of(const struct opencl_taps_cpu *g)
{
    struct tile t = { .as = g->a_j,
                      .ak = 1,
                      .bk = TILE_COLS,
                      .cs = g->y_j,
                      .a_line = g->a_ty,
                      .a_across = g->a_tx,
                      .length = g->segment,
                      .across = g->taps_x,
                      .terms = g->taps_y * g->taps_x * g->segment,
                      .block = ISO_BLOCK_TERMS,
                      .has_bias = g->has_bias,
                      .add = g->add,
                      .relu = g->relu };
    return t;
}

/* Lines [begin, end) of an image through one panel. */
INLINE void run_lines(const struct opencl_taps_cpu *g, struct tile *t, int panel, int begin,
                      int end, global const float *a, global const float *bias, global float *y)
{
    const int col = panel * TILE_COLS;
    t->bias = bias + col;
    t->cols = g->cols - col;
    for (int j = begin; j < end; j++) {
        t->a = a + (long)j * g->a_i;
        t->c = y + (long)j * g->y_i + col;
        t->rows = j + 1 == g->lines ? g->last_pixels : g->pixels;
        tiles(t);
    }
}

KERNEL conv2d_cpu_bands(global const float *x, ulong x_at, global const float *panels,
                        ulong panels_at, global const float *bias, ulong bias_at, global float *y,
                        ulong y_at, global float *slices, ulong slices_at,
                        struct opencl_taps_cpu all)
{
    const struct opencl_taps_cpu g = all;
    const int units = g.images * g.bands, count = (g.cols + TILE_COLS - 1) / TILE_COLS;
    struct tile t = tile_of(&g);
    slices += slices_at + get_group_id(0) * (ulong)g.slice;
    for (int unit = get_group_id(0); unit < units; unit += get_num_groups(0)) {
        const int image = unit / g.bands, begin = unit % g.bands * g.band;
        const int end = begin + g.band < g.lines ? begin + g.band : g.lines;
        global const float *a = x + x_at + (long)image * g.sh * g.sw * g.sc;
        if (g.slice > 0) {
            const int first = begin * g.row_step + g.low, rows = end * g.row_step - g.row_step;
            copy_bordered(&g, a, first, rows + g.high + 1, slices);
            a = slices - (long)first * g.pw * g.sc;
        }
        for (int p = 0; p < count; p++) {
            t.b = panels + panels_at + (long)p * t.terms * TILE_COLS;
            run_lines(&g, &t, p, begin, end, a + g.a_first, bias + bias_at,
                      y + y_at + (long)image * g.y_image);
        }
    }
}

/* Few rows, no border. */
KERNEL conv2d_cpu_panels(global const float *x, ulong x_at, global const float *w, ulong w_at,
                         global const float *bias, ulong bias_at, global float *y, ulong y_at,
                         global float *slices, ulong slices_at, struct opencl_taps_cpu all,
                         struct opencl_panels_cpu panels)
{
    const struct opencl_taps_cpu g = all;
    const struct opencl_panels_cpu from = panels;
    const int count = (g.cols + TILE_COLS - 1) / TILE_COLS;
    struct tile t = tile_of(&g);
    slices += slices_at + get_group_id(0) * (ulong)t.terms * TILE_COLS;
    t.b = slices;
    for (int p = get_group_id(0); p < count; p += get_num_groups(0)) {
        pack_panel(&from, w + w_at, p * TILE_COLS, slices);
        run_lines(&g, &t, p, 0, g.lines, x + x_at + g.a_first, bias + bias_at, y + y_at);
    }
}
