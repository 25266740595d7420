/* chains.cl: the sums of products of dense and conv2d, in the order of their definition.
 *
 * a holds images [image][i][j] whose borders were padded with +0, so that no tap needs a check. A
 * row r = (image, i, j) of the result starts at a[row_of(r)]; the term k = (ty, tx, c) of a sum
 * lies tap_of(k) further on. The same struct serves the forward pass and both gradients of the
 * convolution, strides and dilation included, dense, whose image has one pixel, and the points of
 * Winograd's algorithm, many products beside each other.
 *
 *   chains_over_taps: y[r, col] = sum over k, in blocks, of a[row_of(r) + tap_of(k)] * b[k, col]
 *   chains_over_rows: y[k, col] = sum over r, in blocks and groups of them, of
 *                                 a[row_of(r) + tap_of(k)] * b[r, col]
 *
 * Two shapes. GPU: TILE_GROUP x TILE_GROUP work-items share a tile through local memory. CPU: one
 * work-item has a tile of TILE_ROWS x 2 vectors in registers. A block is one chain of fma in
 * either, and the sums of blocks wait in registers, or in memory that is as near, so the bits are
 * the same. Kernels work with a copy of the struct, since Mesa warns of arguments that are read
 * behind a branch. */
#include "common.h"
#include "arguments.h"

static inline int row_of(const struct opencl_chains *g, int r)
{
    return r / (g->row_w * g->row_h) * g->a_image + r / g->row_w % g->row_h * g->a_i +
           r % g->row_w * g->a_j;
}

static inline int tap_of(const struct opencl_chains *g, int k)
{
    int tap = k / g->segment;
    return tap / g->taps_x * g->a_ty + tap % g->taps_x * g->a_tx + k % g->segment;
}

static inline ulong y_of(const struct opencl_chains *g, int r)
{
    return (ulong)(r / (g->row_w * g->row_h)) * g->y_image + r / g->row_w % g->row_h * g->y_i +
           r % g->row_w * g->y_j;
}

/* The terms of a result, from 0 on; with `split`, those of this work-group's block. */
static inline int first_term(const struct opencl_chains *g)
{
    return g->split ? (int)get_group_id(2) * g->block : 0;
}
static inline int end_term(const struct opencl_chains *g)
{
    int depth = g->taps_y * g->taps_x * g->segment, end = first_term(g) + g->block;
    return g->split && end < depth ? end : depth;
}

/* The groups of rows that this work-group adds, and its product's number. */
static inline int first_group(const struct opencl_chains *g)
{
    return g->first_group + (int)get_group_id(2) % g->deep * g->each;
}
static inline int end_group(const struct opencl_chains *g)
{
    int end = first_group(g) + g->each;
    return end < g->end_group ? end : g->end_group;
}
static inline int product(const struct opencl_chains *g) { return get_group_id(2) / g->deep; }

/* Where the sums go that this work-group makes: [part][product][depth][cols]. */
static inline ulong sums_of(const struct opencl_chains *g)
{
    int products = get_num_groups(2) / g->deep, part = (int)get_group_id(2) % g->deep;
    return ((ulong)part * products + product(g)) * (g->taps_y * g->taps_x * g->segment) * g->cols;
}

static inline void store(global float *y, float sum, int add) { *y = add ? *y + sum : sum; }

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
typedef JOIN(float, VECTOR) vec;
#define LOAD JOIN(vload, VECTOR)
#define STORE JOIN(vstore, VECTOR)
#define EACH_ROW(r) UNROLLED(r, TILE_ROWS)

/* A set of sums, one of each result of the tile. */
struct tile {
    vec v0[TILE_ROWS], v1[TILE_ROWS];
};

/* Sets the sums to +0. */
#define CLEAR(sums)                                      \
    EACH_ROW(r) {                                        \
        sums.v0[r] = sums.v1[r] = (vec)(start_of_sum()); \
    }

/* total = total + sum, of each result, and the next sum begins. */
#define END(sum, total)                        \
    EACH_ROW(r) {                              \
        total.v0[r] = total.v0[r] + sum.v0[r]; \
        total.v1[r] = total.v1[r] + sum.v1[r]; \
    }                                          \
    CLEAR(sum)

/* Continues the tile's chains by `terms` terms; p: a pointer for each row of the tile. */
#define CHAINS(terms, from, a_step, b, b_step)                                            \
    for (long s_ = 0, at_ = (from); s_ < (terms); s_++, at_ += (a_step), b += (b_step)) { \
        vec b0 = LOAD(0, b), b1 = LOAD(1, b);                                             \
        EACH_ROW(r) {                                                                     \
            vec x = (vec)(p[r][at_]);                                                     \
            sum.v0[r] = fma(x, b0, sum.v0[r]);                                            \
            sum.v1[r] = fma(x, b1, sum.v1[r]);                                            \
        }                                                                                 \
    }

/* The tile's first column. The last tile of several is moved left until it is full; *skip columns
 * of it belong to its neighbour, which stores them. A single one may be wider than the result: b
 * was padded then. */
static inline int first_col(const struct opencl_chains *g, int *skip)
{
    int at = get_group_id(1) * TILE_COLS;
    int moved = at + TILE_COLS > g->cols && g->cols >= TILE_COLS ? g->cols - TILE_COLS : at;
    *skip = at - moved;
    return moved;
}

/* Puts a row of the tile into y, which points at its first column. */
static inline void store_row(const struct opencl_chains *g, global float *y, vec v0, vec v1,
                             global const float *bias, int cols, int skip)
{
    bool full = skip == 0 && cols >= TILE_COLS && g->y_col == 1;
    if (full && g->has_bias) {
        v0 = v0 + LOAD(0, bias);
        v1 = v1 + LOAD(1, bias);
    }
    if (full) {
        STORE(g->add ? LOAD(0, y) + v0 : v0, 0, y);
        STORE(g->add ? LOAD(1, y) + v1 : v1, 1, y);
        return;
    }
    float sum[TILE_COLS];
    STORE(v0, 0, sum);
    STORE(v1, 1, sum);
    for (int c = skip; c < TILE_COLS && c < cols; c++)
        store(y + (long)c * g->y_col, g->has_bias ? sum[c] + bias[c] : sum[c], g->add);
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
chains_over_taps(global const float *a, ulong a_at, global const float *b, ulong b_at,
                 global const float *bias, ulong bias_at, global float *y, ulong y_at,
                 struct opencl_chains all)
{
    const struct opencl_chains g = all;
    int first = get_group_id(0) * TILE_ROWS, skip, col = first_col(&g, &skip);
    int k = first_term(&g), end = end_term(&g), left = g.block;
    int c = 0, tx = 0, ty = 0;
    global const float *p[TILE_ROWS];
    struct tile sum, total;
    a += a_at + get_group_id(2) * (ulong)g.a_next;
    b += b_at + get_group_id(2) * (ulong)g.b_next + (ulong)k * g.ldb + col;
    y += y_at + get_group_id(2) * (ulong)g.y_next + (long)col * g.y_col;
    EACH_ROW(r) /* rows past the end repeat the last, and are not stored */
        p[r] = a + row_of(&g, first + r < g.rows ? first + r : g.rows - 1);
    CLEAR(sum)
    CLEAR(total)
    if (k > 0) { /* of a residue without taps there is nothing to divide by */
        c = k % g.segment;
        tx = k / g.segment % g.taps_x;
        ty = k / g.segment / g.taps_x;
    }
    while (k < end) { /* as many terms as lie side by side in a */
        int terms = g.segment - c < left ? g.segment - c : left;
        terms = terms < end - k ? terms : end - k;
        CHAINS(terms, ty * g.a_ty + tx * g.a_tx + c, 1, b, g.ldb)
        k += terms;
        c += terms;
        left -= terms;
        if (c == g.segment) {
            c = 0;
            tx = tx + 1 < g.taps_x ? tx + 1 : 0;
            ty += tx == 0;
        }
        if (left == 0) {
            END(sum, total)
            left = g.block;
        }
    }
    END(sum, total)
    EACH_ROW(r) {
        if (first + r < g.rows) {
            store_row(&g, y + y_of(&g, first + r), total.v0[r], total.v1[r], bias + bias_at + col,
                      g.cols - col, skip);
        }
    }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
chains_over_rows(global const float *a, ulong a_at, global const float *b, ulong b_at,
                 global float *y, ulong y_at, struct opencl_chains all)
{
    const struct opencl_chains g = all;
    const struct iso_rows rows = { g.rows, g.image };
    int depth = g.taps_y * g.taps_x * g.segment;
    int first = get_group_id(0) * TILE_ROWS, skip, col = first_col(&g, &skip);
    int tap[TILE_ROWS];
    struct tile sum, group, total;
    a += a_at + product(&g) * (ulong)g.a_next;
    b += b_at + product(&g) * (ulong)g.b_next + col;
    y += y_at + sums_of(&g) + col;
    EACH_ROW(r)
        tap[r] = tap_of(&g, first + r < depth ? first + r : depth - 1);
    CLEAR(sum)
    CLEAR(group)
    CLEAR(total)
    for (int number = first_group(&g); number < end_group(&g); number++) {
        int row = iso_group_begin(rows, number), stop = iso_group_end(rows, row);
        global const float *from = b + (ulong)(row - g.first_row) * g.ldb;
        while (row < stop) {
            int end = iso_block_end(rows, row);
            while (row < end) { /* one line of pixels at a time */
                int own = row - g.first_row, line = g.row_w - own % g.row_w;
                global const float *p[TILE_ROWS];
                line = line < end - row ? line : end - row;
                EACH_ROW(r)
                    p[r] = a + row_of(&g, own) + tap[r];
                CHAINS(line, 0, g.a_j, from, g.ldb)
                row += line;
            }
            END(sum, group)
        }
        END(group, total)
    }
    EACH_ROW(r) {
        if (first + r < depth) {
            store_row(&g, y + (ulong)(first + r) * g.cols, total.v0[r], total.v1[r], y,
                      g.cols - col, skip);
        }
    }
}
