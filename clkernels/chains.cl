/* chains.cl: the sums of products of dense and conv2d, in the order of their definition.
 *
 * a holds images [image][i][j] whose borders were padded with +0, so that no tap needs a check. A
 * row r = (image, i, j) of the result starts at a[row_of(r)]; the term k = (ty, tx, c) of a sum
 * lies tap_of(k) further on. The same struct serves the forward pass and both gradients of the
 * convolution, strides and dilation included, and dense, whose image has one pixel.
 *
 *   chains_over_taps: y[r, col] = sum over k, ascending, of a[row_of(r) + tap_of(k)] * b[k, col]
 *   chains_over_rows: y[k, col] = sum over r, in blocks,  of a[row_of(r) + tap_of(k)] * b[r, col]
 *
 * Two shapes. GPU: TILE_GROUP x TILE_GROUP work-items share a tile through local memory. CPU: one
 * work-item has a tile of TILE_ROWS x 2 vectors in registers. Each result is one chain of fma in
 * either, so the bits are the same; a finished chain is added to +0, as the definition says. */
#include "common.h"
#include "arguments.h"
#include "blocks.h"

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

static inline void store(global float *y, float sum, int add) { *y = add ? *y + sum : sum; }

#define UNROLLED(i, count) _Pragma("unroll") for (int i = 0; i < (count); i++)

#if SHAPE_CPU

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
typedef JOIN(float, VECTOR) vec;
#define LOAD JOIN(vload, VECTOR)
#define STORE JOIN(vstore, VECTOR)
#define EACH_ROW(r) UNROLLED(r, TILE_ROWS)

/* Continues the tile's chains by `terms` terms; p: a pointer for each row of the tile. */
#define CHAINS(terms, a_step, b, b_step)                  \
    for (int s_ = 0; s_ < (terms); s_++, b += (b_step)) { \
        vec b0 = LOAD(0, b), b1 = LOAD(1, b);             \
        EACH_ROW(r) {                                     \
            vec x = (vec)(p[r][(long)s_ * (a_step)]);     \
            acc0[r] = fma(x, b0, acc0[r]);                \
            acc1[r] = fma(x, b1, acc1[r]);                \
        }                                                 \
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
                 struct opencl_chains g)
{
    int first = get_group_id(0) * TILE_ROWS, skip, col = first_col(&g, &skip);
    global const float *p[TILE_ROWS];
    vec acc0[TILE_ROWS], acc1[TILE_ROWS];
    EACH_ROW(r) { /* rows past the end repeat the last, and are not stored */
        p[r] = a + a_at + row_of(&g, first + r < g.rows ? first + r : g.rows - 1);
        acc0[r] = (vec)(0.0f);
        acc1[r] = (vec)(0.0f);
    }
    b += b_at + col;
    for (int ty = 0; ty < g.taps_y; ty++) {
        for (int tx = 0; tx < g.taps_x; tx++) {
            CHAINS(g.segment, 1, b, g.ldb)
            EACH_ROW(r)
                p[r] += g.a_tx;
        }
        EACH_ROW(r)
            p[r] += g.a_ty - g.taps_x * g.a_tx;
    }
    EACH_ROW(r) {
        if (first + r < g.rows) {
            store_row(&g, y + y_at + y_of(&g, first + r) + (long)col * g.y_col, acc0[r] + 0.0f,
                      acc1[r] + 0.0f, bias + bias_at + col, g.cols - col, skip);
        }
    }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
chains_over_rows(global const float *a, ulong a_at, global const float *b, ulong b_at,
                 global float *y, ulong y_at, int first_block, struct opencl_chains g)
{
    int depth = g.taps_y * g.taps_x * g.segment;
    int first = get_group_id(0) * TILE_ROWS, skip, col = first_col(&g, &skip);
    int begin = first_block + get_group_id(2) * g.each, end = begin + g.each;
    int tap[TILE_ROWS];
    vec sum0[TILE_ROWS], sum1[TILE_ROWS];
    EACH_ROW(r) {
        tap[r] = tap_of(&g, first + r < depth ? first + r : depth - 1);
        sum0[r] = (vec)(0.0f);
        sum1[r] = (vec)(0.0f);
    }
    for (int block = begin; block < end && block < g.blocks; block++) {
        int left, row = (int)block_row(block, g.group_rows, &left);
        global const float *from = b + b_at + (ulong)row * g.ldb + col;
        vec acc0[TILE_ROWS], acc1[TILE_ROWS];
        EACH_ROW(r) {
            acc0[r] = (vec)(0.0f);
            acc1[r] = (vec)(0.0f);
        }
        while (left > 0) { /* one line of pixels at a time */
            int j = row % g.row_w, line = g.row_w - j < left ? g.row_w - j : left,
                at = row_of(&g, row);
            global const float *p[TILE_ROWS];
            EACH_ROW(r)
                p[r] = a + a_at + at + tap[r];
            CHAINS(line, g.a_j, from, g.ldb)
            row += line;
            left -= line;
        }
        EACH_ROW(r) {
            sum0[r] = sum0[r] + acc0[r];
            sum1[r] = sum1[r] + acc1[r];
        }
    }
    y += y_at + (ulong)get_group_id(2) * depth * g.cols;
    EACH_ROW(r) {
        if (first + r < depth) {
            store_row(&g, y + (ulong)(first + r) * g.cols + col, sum0[r], sum1[r], y, g.cols - col,
                      skip);
        }
    }
}

#else

#define ITEM_ROWS (TILE_ROWS / TILE_GROUP)
#define ITEM_COLS (TILE_COLS / TILE_GROUP)
#define ITEMS (TILE_GROUP * TILE_GROUP)
#define TERMS 16 /* of a sum that are in local memory at a time */
#define EACH_RESULT(r, c)  \
    UNROLLED(r, ITEM_ROWS) \
        UNROLLED(c, ITEM_COLS)

/* One term of the work-item's chains. */
#define TERM(s)                                         \
    {                                                   \
        float x[ITEM_ROWS], w[ITEM_COLS];               \
        UNROLLED(r, ITEM_ROWS)                          \
            x[r] = ta[s][iy + r * TILE_GROUP];          \
        UNROLLED(c, ITEM_COLS)                          \
            w[c] = tb[s][ix + c * TILE_GROUP];          \
        EACH_RESULT(r, c)                               \
            acc[r][c] = iso_fma(x[r], w[c], acc[r][c]); \
    }
#define ALL_TERMS(count)                  \
    if ((count) >= TERMS)                 \
        UNROLLED(s, TERMS)                \
            TERM(s)                       \
    else                                  \
        for (int s = 0; s < (count); s++) \
        TERM(s)

kernel __attribute__((reqd_work_group_size(TILE_GROUP, TILE_GROUP, 1))) void
chains_over_taps(global const float *a, ulong a_at, global const float *b, ulong b_at,
                 global const float *bias, ulong bias_at, global float *y, ulong y_at,
                 struct opencl_chains g)
{
    local float ta[TERMS][TILE_ROWS + 1], tb[TERMS][TILE_COLS];
    int ix = get_local_id(0), iy = get_local_id(1), item = iy * TILE_GROUP + ix;
    int first = get_group_id(0) * TILE_ROWS, col = get_group_id(1) * TILE_COLS;
    int depth = g.taps_y * g.taps_x * g.segment;
    int base[TILE_ROWS * TERMS / ITEMS];
    float acc[ITEM_ROWS][ITEM_COLS], zero = start_of_sum();
    for (int i = 0; i < TILE_ROWS * TERMS / ITEMS; i++) {
        int r = first + item / TERMS + i * (ITEMS / TERMS);
        base[i] = row_of(&g, r < g.rows ? r : g.rows - 1);
    }
    EACH_RESULT(r, c)
        acc[r][c] = zero;
    a += a_at;
    b += b_at;
    for (int k = 0; k < depth; k += TERMS) {
        int ka = k + item % TERMS, tap = tap_of(&g, ka < depth ? ka : 0);
        for (int i = 0; i < TILE_ROWS * TERMS / ITEMS; i++) {
            ta[item % TERMS][item / TERMS + i * (ITEMS / TERMS)] = ka < depth ? a[base[i] + tap]
                                                                              : 0.0f;
        }
        for (int i = 0; i < TILE_COLS * TERMS / ITEMS; i++) {
            int c = item % TILE_COLS, s = item / TILE_COLS + i * (ITEMS / TILE_COLS);
            bool there = k + s < depth && col + c < g.cols;
            tb[s][c] = there ? b[(ulong)(k + s) * g.ldb + col + c] : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        ALL_TERMS(depth - k)
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    EACH_RESULT(r, c) {
        int row = first + iy + r * TILE_GROUP, at = col + ix + c * TILE_GROUP;
        if (row < g.rows && at < g.cols) {
            float sum = end_of_sum(acc[r][c]);
            sum = g.has_bias ? sum + bias[bias_at + at] : sum;
            store(y + y_at + y_of(&g, row) + (ulong)at * g.y_col, sum, g.add);
        }
    }
}

kernel __attribute__((reqd_work_group_size(TILE_GROUP, TILE_GROUP, 1))) void
chains_over_rows(global const float *a, ulong a_at, global const float *b, ulong b_at,
                 global float *y, ulong y_at, int first_block, struct opencl_chains g)
{
    local float ta[TERMS][TILE_ROWS], tb[TERMS][TILE_COLS];
    int ix = get_local_id(0), iy = get_local_id(1), item = iy * TILE_GROUP + ix;
    int first = get_group_id(0) * TILE_ROWS, col = get_group_id(1) * TILE_COLS;
    int depth = g.taps_y * g.taps_x * g.segment;
    int begin = first_block + get_group_id(2) * g.each, end = begin + g.each;
    int ra = first + item % TILE_ROWS, tap = tap_of(&g, ra < depth ? ra : depth - 1);
    float acc[ITEM_ROWS][ITEM_COLS], sum[ITEM_ROWS][ITEM_COLS], zero = start_of_sum();
    EACH_RESULT(r, c)
        sum[r][c] = zero;
    a += a_at;
    b += b_at;
    for (int block = begin; block < end && block < g.blocks; block++) {
        int count, row = (int)block_row(block, g.group_rows, &count);
        EACH_RESULT(r, c)
            acc[r][c] = zero;
        for (int k = 0; k < count; k += TERMS) {
            for (int i = 0; i < TILE_ROWS * TERMS / ITEMS; i++) {
                int s = item / TILE_ROWS + i * (ITEMS / TILE_ROWS);
                ta[s][item % TILE_ROWS] = k + s < count ? a[row_of(&g, row + k + s) + tap] : 0.0f;
            }
            for (int i = 0; i < TILE_COLS * TERMS / ITEMS; i++) {
                int c = item % TILE_COLS, s = item / TILE_COLS + i * (ITEMS / TILE_COLS);
                bool there = k + s < count && col + c < g.cols;
                tb[s][c] = there ? b[(ulong)(row + k + s) * g.ldb + col + c] : 0.0f;
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            ALL_TERMS(count - k)
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        EACH_RESULT(r, c)
            sum[r][c] = sum[r][c] + acc[r][c];
    }
    y += y_at + (ulong)get_group_id(2) * depth * g.cols;
    EACH_RESULT(r, c) {
        int row = first + iy + r * TILE_GROUP, at = col + ix + c * TILE_GROUP;
        if (row < depth && at < g.cols)
            store(y + (ulong)row * g.cols + at, sum[r][c], g.add);
    }
}

#endif
