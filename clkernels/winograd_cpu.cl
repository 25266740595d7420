/* winograd_cpu.cl: forward pass and input gradient of Winograd's convolution
 * (core/arithmetic/winograd.h) on CPU-shaped devices.
 *
 * A work-item is a work-group. It takes chunks of tiles through the source's transform, the
 * products at 36 points and the transform of the results, in a slice of the workspace that is its
 * own and stays in a processor's cache; only the kernel's points u are shared. Where u would be
 * larger than what all tiles take (many channels, few tiles), it is the tiles' points that are
 * shared, and a work-item takes panels of result channels from the kernel to the results.
 *
 * u: [36 planes][panel][source channel][TILE_COLS]; v: [36 planes][tile][stride]; m: [36
 * planes][tile][columns of the panels]. */
#include "common.h"
#include "winograd_cpu.h"

enum { FEW = 8 }; /* channels of a kernel at a time */

/* ---- The kernel ---- */

/* taps[tap][FEW][TILE_COLS] of source channels [k, k + few) and a panel's columns from `col` on. */
INLINE void gather_taps(const struct opencl_winograd_cpu *g, global const float *kern, int col,
                        int k, int few, float *taps)
{
    const int count = g->taps * g->taps, cols = g->rc - col < TILE_COLS ? g->rc - col : TILE_COLS;
    const int row = g->turned ? 1 : g->rc, across = g->turned ? g->sc : 1;
    for (int tap = 0; tap < count; tap++) {
        global const float *from =
            kern + (long)tap * g->sc * g->rc + (long)k * row + (long)col * across;
        float *to = taps + (g->turned ? count - 1 - tap : tap) * FEW * TILE_COLS;
        for (int i = 0; i < FEW; i++)
            for (int j = 0; j < TILE_COLS; j++)
                to[i * TILE_COLS + j] = i < few && j < cols ? from[i * row + (long)j * across]
                                                            : 0.0f;
    }
}

INLINE void transform_taps(const int count, const int size, const float *taps, global float *u,
                           int plane)
{
    for (int e = 0; e < size; e += VECTOR) {
        vec d[25], t[POINTS];
        UNROLLED(i, count)
            d[i] = LOAD(taps + i * FEW * TILE_COLS + e);
        if (count == 9)
            vector_taps3_square(d, t);
        else
            vector_taps5_square(d, t);
        UNROLLED(i, POINTS)
            STORE(t[i], u + (long)i * plane + e);
    }
}

/* Source channels [k, k + FEW) of one panel, to u, its first channel's. */
static void kernel_points(const struct opencl_winograd_cpu *g, global const float *kern, int col,
                          int k, global float *u)
{
    float taps[25 * FEW * TILE_COLS];
    const int few = g->sc - k < FEW ? g->sc - k : FEW;
    gather_taps(g, kern, col, k, few, taps);
    if (g->taps == 3)
        transform_taps(9, few * TILE_COLS, taps, u + k * TILE_COLS, g->u_plane);
    else
        transform_taps(25, few * TILE_COLS, taps, u + k * TILE_COLS, g->u_plane);
}

/* ---- Tiles ---- */

/* Tiles [first, first + n) to v[36 planes][tile][stride]. */
INLINE void source_tiles(const struct opencl_winograd_cpu *g, global const float *x, int first,
                         int n, global float *v)
{
    const struct pixels p = { x, g->sh, g->sw, g->sc };
    for (int i = 0; i < n; i++) {
        source_tile(&p, place_of(first + i, g->image_tiles, g->tiles_x, g->tile, g->top, g->left),
                    0, g->sc, v + i * g->stride, g->v_plane);
    }
}

/* m = the sums over channels of v u, of n tiles and some panels. */
INLINE void multiply(const struct opencl_winograd_cpu *g, int n, global const float *v,
                     global const float *u, int panels, global float *m)
{
    struct tile t = { .as = g->stride,
                      .ak = 1,
                      .bk = TILE_COLS,
                      .cs = (long)panels * TILE_COLS,
                      .length = g->sc,
                      .across = 1,
                      .terms = g->sc,
                      .block = ISO_BLOCK_CHANNELS,
                      .rows = n,
                      .cols = TILE_COLS };
    for (int i = 0; i < POINTS; i++) {
        for (int p = 0; p < panels; p++) {
            t.a = v + (long)i * g->v_plane;
            t.b = u + (long)i * g->u_plane + (long)p * g->sc * TILE_COLS;
            t.c = m + (long)i * g->m_plane + p * TILE_COLS;
            tiles(&t);
        }
    }
}

/* Puts `n` channels from c on of a tile's results into the image. */
INLINE void put_results(const struct opencl_winograd_cpu *g, struct place at, int c, int n,
                        const int tile, const vec *t, global const float *bias, global float *y)
{
    vec b = (vec)(0.0f);
    if (g->has_bias)
        b = load_some(bias + c, n);
    y += (((long)at.image * g->rh + at.y) * g->rw + at.x) * g->rc + c;
    for (int i = 0; i < tile && at.y + i < g->rh; i++) {
        for (int j = 0; j < tile && at.x + j < g->rw; j++) {
            global float *to = y + ((long)i * g->rw + j) * g->rc;
            vec sum = t[i * tile + j] + (vec)(start_of_sum()); /* a sum never ends in -0 */
            sum = g->has_bias ? sum + b : sum;
            sum = g->relu ? relu_of(sum) : sum;
            store_some(g->add ? load_some(to, n) + sum : sum, to, n);
        }
    }
}

/* Channels [c0, c0 + count) of n tiles from m, `step` floats a tile. */
INLINE void result_tiles(const struct opencl_winograd_cpu *g, int first, int n, int c0, int count,
                         int step, global const float *m, global const float *bias, global float *y)
{
    for (int i = 0; i < n; i++, m += step) {
        const struct place at = place_of(first + i, g->image_tiles, g->tiles_x, g->tile, 0, 0);
        for (int c = 0; c < count; c += VECTOR) {
            vec d[POINTS], t[16];
            UNROLLED(p, POINTS)
                d[p] = LOAD(m + (long)p * g->m_plane + c);
            if (g->tile == 4) {
                vector_result4_square(d, t);
                put_results(g, at, c0 + c, count - c, 4, t, bias, y);
            } else {
                vector_result2_square(d, t);
                put_results(g, at, c0 + c, count - c, 2, t, bias, y);
            }
        }
    }
}

/* ---- Kernels ---- */

INLINE int chunk_size(const struct opencl_winograd_cpu *g, int first)
{
    return g->tiles - first < g->chunk ? g->tiles - first : g->chunk;
}

/* u of every panel. A work-item takes FEW channels of a panel. */
KERNEL winograd_cpu_kernel(global const float *kern, ulong kern_at, global float *u, ulong u_at,
                           struct opencl_winograd_cpu all)
{
    const struct opencl_winograd_cpu g = all;
    const int p = get_group_id(1), k = get_group_id(0) * FEW;
    kernel_points(&g, kern + kern_at, p * TILE_COLS, k, u + u_at + (long)p * g.sc * TILE_COLS);
}

/* Chunks of tiles, from x to y. */
KERNEL winograd_cpu_chunks(global const float *x, ulong x_at, global const float *u, ulong u_at,
                           global const float *bias, ulong bias_at, global float *y, ulong y_at,
                           global float *slices, ulong slices_at, struct opencl_winograd_cpu all)
{
    const struct opencl_winograd_cpu g = all;
    const int panels = (g.rc + TILE_COLS - 1) / TILE_COLS;
    global float *v =
        slices + slices_at + get_group_id(0) * POINTS * (ulong)(g.v_plane + g.m_plane);
    global float *m = v + POINTS * (ulong)g.v_plane;
    const int step = get_num_groups(0) * g.chunk;
    for (int first = get_group_id(0) * g.chunk; first < g.tiles; first += step) {
        const int n = chunk_size(&g, first);
        source_tiles(&g, x + x_at, first, n, v);
        multiply(&g, n, v, u + u_at, panels, m);
        result_tiles(&g, first, n, 0, g.rc, panels * TILE_COLS, m, bias + bias_at, y + y_at);
    }
}

/* A chunk's v, for all panels. */
KERNEL winograd_cpu_source(global const float *x, ulong x_at, global float *v, ulong v_at,
                           struct opencl_winograd_cpu all)
{
    const struct opencl_winograd_cpu g = all;
    const int first = get_group_id(0) * g.chunk;
    source_tiles(&g, x + x_at, first, chunk_size(&g, first), v + v_at + (long)first * g.stride);
}

/* Panels, from the kernel to y. */
KERNEL winograd_cpu_panels(global const float *v, ulong v_at, global const float *kern,
                           ulong kern_at, global const float *bias, ulong bias_at, global float *y,
                           ulong y_at, global float *slices, ulong slices_at,
                           struct opencl_winograd_cpu all)
{
    const struct opencl_winograd_cpu g = all;
    global float *u =
        slices + slices_at + get_group_id(0) * POINTS * (ulong)(g.u_plane + g.m_plane);
    global float *m = u + POINTS * (ulong)g.u_plane;
    const int step = get_num_groups(0) * TILE_COLS;
    for (int col = get_group_id(0) * TILE_COLS; col < g.rc; col += step) {
        const int cols = g.rc - col < TILE_COLS ? g.rc - col : TILE_COLS;
        for (int k = 0; k < g.sc; k += FEW)
            kernel_points(&g, kern + kern_at, col, k, u);
        for (int first = 0; first < g.tiles; first += g.chunk) {
            const int n = chunk_size(&g, first);
            multiply(&g, n, v + v_at + (long)first * g.stride, u, 1, m);
            result_tiles(&g, first, n, col, cols, TILE_COLS, m, bias + bias_at, y + y_at);
        }
    }
}
