/* chains_gpu.cl: the sums of products of dense and conv2d, in the order of their definition.
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

#define ITEM_ROWS (TILE_ROWS / TILE_GROUP)
#define ITEM_COLS (TILE_COLS / TILE_GROUP)
#define ITEMS (TILE_GROUP * TILE_GROUP)
#define TERMS 16 /* of a sum that are in local memory at a time */
#define EACH_RESULT(r, c)  \
    UNROLLED(r, ITEM_ROWS) \
        UNROLLED(c, ITEM_COLS)

/* Sets the work-item's sums to +0. */
#define CLEAR(sums)   \
    EACH_RESULT(r, c) \
        sums[r][c] = start_of_sum();

/* total = total + sum, of each result, and the next sum begins. */
#define END(sum, total)                        \
    EACH_RESULT(r, c) {                        \
        total[r][c] = total[r][c] + sum[r][c]; \
        sum[r][c] = start_of_sum();            \
    }

/* One term of the work-item's chains. */
#define TERM(s)                                         \
    {                                                   \
        float x[ITEM_ROWS], w[ITEM_COLS];               \
        UNROLLED(r, ITEM_ROWS)                          \
            x[r] = ta[s][iy + r * TILE_GROUP];          \
        UNROLLED(c, ITEM_COLS)                          \
            w[c] = tb[s][ix + c * TILE_GROUP];          \
        EACH_RESULT(r, c)                               \
            sum[r][c] = iso_fma(x[r], w[c], sum[r][c]); \
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
                 struct opencl_chains all)
{
    const struct opencl_chains g = all;
    local float ta[TERMS][TILE_ROWS + 1], tb[TERMS][TILE_COLS];
    int ix = get_local_id(0), iy = get_local_id(1), item = iy * TILE_GROUP + ix;
    int first = get_group_id(0) * TILE_ROWS, col = get_group_id(1) * TILE_COLS;
    int begin = first_term(&g), end = end_term(&g);
    int base[TILE_ROWS * TERMS / ITEMS];
    float sum[ITEM_ROWS][ITEM_COLS], total[ITEM_ROWS][ITEM_COLS];
    for (int i = 0; i < TILE_ROWS * TERMS / ITEMS; i++) {
        int r = first + item / TERMS + i * (ITEMS / TERMS);
        base[i] = row_of(&g, r < g.rows ? r : g.rows - 1);
    }
    CLEAR(sum)
    CLEAR(total)
    a += a_at + get_group_id(2) * (ulong)g.a_next;
    b += b_at + get_group_id(2) * (ulong)g.b_next;
    y += y_at + get_group_id(2) * (ulong)g.y_next;
    for (int k = begin; k < end; k += TERMS) {
        int ka = k + item % TERMS, tap = tap_of(&g, ka < end ? ka : 0);
        for (int i = 0; i < TILE_ROWS * TERMS / ITEMS; i++) {
            ta[item % TERMS][item / TERMS + i * (ITEMS / TERMS)] = ka < end ? a[base[i] + tap]
                                                                            : 0.0f;
        }
        for (int i = 0; i < TILE_COLS * TERMS / ITEMS; i++) {
            int c = item % TILE_COLS, s = item / TILE_COLS + i * (ITEMS / TILE_COLS);
            bool there = k + s < end && col + c < g.cols;
            tb[s][c] = there ? b[(ulong)(k + s) * g.ldb + col + c] : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        ALL_TERMS(end - k)
        barrier(CLK_LOCAL_MEM_FENCE);
        if ((k + TERMS) % g.block == 0)
            END(sum, total)
    }
    END(sum, total)
    EACH_RESULT(r, c) {
        int row = first + iy + r * TILE_GROUP, at = col + ix + c * TILE_GROUP;
        if (row < g.rows && at < g.cols) {
            float result = g.has_bias ? total[r][c] + bias[bias_at + at] : total[r][c];
            store(y + y_of(&g, row) + (ulong)at * g.y_col, result, g.add);
        }
    }
}

kernel __attribute__((reqd_work_group_size(TILE_GROUP, TILE_GROUP, 1))) void
chains_over_rows(global const float *a, ulong a_at, global const float *b, ulong b_at,
                 global float *y, ulong y_at, struct opencl_chains all)
{
    const struct opencl_chains g = all;
    local float ta[TERMS][TILE_ROWS], tb[TERMS][TILE_COLS];
    const struct iso_rows rows = { g.rows, g.image };
    int ix = get_local_id(0), iy = get_local_id(1), item = iy * TILE_GROUP + ix;
    int first = get_group_id(0) * TILE_ROWS, col = get_group_id(1) * TILE_COLS;
    int depth = g.taps_y * g.taps_x * g.segment;
    int ra = first + item % TILE_ROWS, tap = tap_of(&g, ra < depth ? ra : depth - 1);
    float sum[ITEM_ROWS][ITEM_COLS], group[ITEM_ROWS][ITEM_COLS], total[ITEM_ROWS][ITEM_COLS];
    CLEAR(sum)
    CLEAR(group)
    CLEAR(total)
    a += a_at + product(&g) * (ulong)g.a_next;
    b += b_at + product(&g) * (ulong)g.b_next;
    y += y_at + sums_of(&g);
    for (int number = first_group(&g); number < end_group(&g); number++) {
        int row = iso_group_begin(rows, number), stop = iso_group_end(rows, row), end;
        for (; row < stop; row = end) {
            end = iso_block_end(rows, row);
            for (int at = row; at < end; at += TERMS) {
                int own = at - g.first_row;
                for (int i = 0; i < TILE_ROWS * TERMS / ITEMS; i++) {
                    int s = item / TILE_ROWS + i * (ITEMS / TILE_ROWS);
                    ta[s][item % TILE_ROWS] = at + s < end ? a[row_of(&g, own + s) + tap] : 0.0f;
                }
                for (int i = 0; i < TILE_COLS * TERMS / ITEMS; i++) {
                    int c = item % TILE_COLS, s = item / TILE_COLS + i * (ITEMS / TILE_COLS);
                    bool there = at + s < end && col + c < g.cols;
                    tb[s][c] = there ? b[(ulong)(own + s) * g.ldb + col + c] : 0.0f;
                }
                barrier(CLK_LOCAL_MEM_FENCE);
                ALL_TERMS(end - at)
                barrier(CLK_LOCAL_MEM_FENCE);
            }
            END(sum, group)
        }
        END(group, total)
    }
    EACH_RESULT(r, c) {
        int row = first + iy + r * TILE_GROUP, at = col + ix + c * TILE_GROUP;
        if (row < depth && at < g.cols)
            store(y + (ulong)row * g.cols + at, total[r][c], g.add);
    }
}
