/* chains_gpu.h: the sums of products of dense, conv2d and Winograd's points on GPUs, in the order
 * of their definition. Each clkernels/chains_gpu_*.cl is one variant of it, with the sizes:
 *
 *   ROWS, COLS          the results of a work-group, its tile
 *   ACROSS, DOWN        its work-items; each has ROWS / DOWN x COLS / ACROSS results, multiples of
 * 4 TERMS               of the sums that are in local memory at a time; there are two of that WIDE
 * floats that are read from memory at a time: 4, or 1 for any sizes
 *
 *   chains_over_taps:   y[r, col] = sum over k of a[row r, term k] * b[k * ldb + col]
 *   chains_over_turned: the same with b[term k + col * b_col]
 *   chains_over_rows:   y[k, col] = sum over r of a[row r, term k] * b[r * ldb + col]
 *
 * a holds images as they lie in memory. Row r = (image, i, j) and term k = (ty, tx, c) meet at a
 * pixel; one outside of the image is +0. Rows and terms have a place each, made of an offset and of
 * bits: the pixel lies at the sum of the offsets, and outside if the row and the term have a bit in
 * common. So each is divided into its parts once, and no loop over terms divides.
 *
 * While a tile of terms is multiplied, the next one is on its way from memory to registers. Reads
 * past an end are moved to what is there: terms past the end of a sum are not taken, results past
 * the end not stored. A block is one chain of fma; sums of blocks wait in registers. */
#include "chains_places.h"

#define ITEMS (ACROSS * DOWN)
#define ITEM_ROWS (ROWS / DOWN)
#define ITEM_COLS (COLS / ACROSS)
#define PITCH_A (ROWS + 4)
#define PITCH_B (COLS + 4)
/* Pieces of WIDE floats that a work-item brings of each operand's tile. */
#define A_PIECES (ROWS * TERMS / WIDE / ITEMS)
#define B_PIECES (COLS * TERMS / WIDE / ITEMS)
#define EACH_RESULT(r, c)  \
    UNROLLED(r, ITEM_ROWS) \
        UNROLLED(c, ITEM_COLS)

#if WIDE == 4
typedef float4 piece;
#else
typedef float piece;
#endif
#ifndef ROLLED
#define ROLLED 0
#endif

/* ---- From memory to local memory ---- */

/* outside: value of the piece if the row and the term meet outside the image. */
static inline piece piece_at(global const float *x, int2 row, int2 term, piece outside)
{
    bool there = (row.y & term.y) == 0;
    piece p = *(global const piece *)(x + (there ? row.x + term.x : 0));
    return there ? p : outside;
}

/* A piece along the rows or the columns of a tile. */
static inline void keep_along(local float *to, piece p) { *(local piece *)to = p; }

/* A piece along the terms. */
static inline void keep_across(local float *to, int pitch, piece p)
{
#if WIDE == 4
    to[0] = p.x;
    to[pitch] = p.y;
    to[2 * pitch] = p.z;
    to[3 * pitch] = p.w;
#else
    to[0] = p;
#endif
}

/* A work-item's pieces: along the terms its pieces are of one term and of these lines; along the
 * lines they are of one line, and of these terms. */
#define TERM_ACROSS (item % (TERMS / WIDE) * WIDE)
#define LINE_ACROSS(i) ((item + (i)*ITEMS) / (TERMS / WIDE))
#define LINE_ALONG(lines) (item % ((lines) / WIDE) * WIDE)
#define TERM_ALONG(i, lines) ((item + (i)*ITEMS) / ((lines) / WIDE))

/* ---- Sums ---- */

#define LOCAL_TILES                                                \
    local float4 tile_a[2 * TERMS * PITCH_A / 4];                  \
    local float4 tile_b[2 * TERMS * PITCH_B / 4];                  \
    local float *la = (local float *)tile_a;                       \
    local float *lb = (local float *)tile_b;                       \
    int item = get_local_id(0), ix = ITEM_X, iy = ITEM_Y, now = 0; \
    piece from_a[A_PIECES], from_b[B_PIECES];

/* 8 x 4 adjacent work-items share the numbers that they read. */
#if ACROSS >= 8 && DOWN >= 4
#define ITEM_X (item % 8 + item / 32 % (ACROSS / 8) * 8)
#define ITEM_Y (item / 8 % 4 + item / 32 / (ACROSS / 8) * 4)
#else
#define ITEM_X (item % ACROSS)
#define ITEM_Y (item / ACROSS)
#endif
#define ROW_OF_ITEM(r) (((r) / 4 * DOWN + iy) * 4 + (r) % 4)
#define COL_OF_ITEM(c) (((c) / 4 * ACROSS + ix) * 4 + (c) % 4)

/* Four floats of local memory, as numbers of their own. */
#define TAKE(to, i, from)                                   \
    {                                                       \
        float4 four = *(local const float4 *)(from);        \
        to[4 * (i)] = four.x, to[4 * (i) + 1] = four.y;     \
        to[4 * (i) + 2] = four.z, to[4 * (i) + 3] = four.w; \
    }

/* One term of the work-item's chains. */
#define TERM(s)                                               \
    {                                                         \
        float x[ITEM_ROWS], w[ITEM_COLS];                     \
        UNROLLED(r, ITEM_ROWS / 4)                            \
            TAKE(x, r, ta + (s)*PITCH_A + ROW_OF_ITEM(4 * r)) \
        UNROLLED(c, ITEM_COLS / 4)                            \
            TAKE(w, c, tb + (s)*PITCH_B + COL_OF_ITEM(4 * c)) \
        EACH_RESULT(r, c)                                     \
            sum[r][c] = iso_fma(x[r], w[c], sum[r][c]);       \
    }
#define ALL_TERMS(count)                                    \
    {                                                       \
        local const float *ta = la + now * TERMS * PITCH_A; \
        local const float *tb = lb + now * TERMS * PITCH_B; \
        if (!ROLLED && (count) >= TERMS)                    \
            UNROLLED(s, TERMS)                              \
                TERM(s)                                     \
        else                                                \
            for (int s = 0; s < least(count, TERMS); s++)   \
                TERM(s)                                     \
    }

/* The chains of a block of `count` terms. FETCH(k) reads the tile that begins with term k, KEEP
 * puts it into the half of local memory that nobody reads. */
#define BLOCK(count, FETCH, KEEP)                 \
    FETCH(0)                                      \
    KEEP for (int k = 0; k < (count); k += TERMS) \
    {                                             \
        const bool more = k + TERMS < (count);    \
        barrier(CLK_LOCAL_MEM_FENCE);             \
        if (more) {                               \
            FETCH(k + TERMS)                      \
        }                                         \
        ALL_TERMS((count)-k)                      \
        now ^= 1;                                 \
        if (more) {                               \
            KEEP                                  \
        }                                         \
    }

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

/* ---- Results ---- */

/* Puts a piece of a row of results to y. beside: the bias of its columns, or what the activation
 * gave that a gradient passes back through. */
static inline void put(const struct opencl_chains *g, global const float *beside, global float *y,
                       piece sum)
{
    global piece *to = (global piece *)y;
    sum = g->has_bias ? sum + *(global const piece *)beside : sum;
    if (g->activation == 1 + ISO_RELU && g->gradient)
        sum = *(global const piece *)beside > 0.0f ? sum : 0.0f;
    else if (g->activation == 1 + ISO_RELU)
        sum = sum < 0.0f ? 0.0f : sum;
    *to = g->add ? *to + sum : sum;
}

#if WIDE == 4
#define PIECE(sums, r, c) (float4)(sums[r][c], sums[r][c + 1], sums[r][c + 2], sums[r][c + 3])
#else
#define PIECE(sums, r, c) sums[r][c]
#endif

/* place: where row `row` of the result begins. */
#if ROLLED
#define STORE_SUMS(sums, rows, place)                                                              \
    for (int i = 0; i < ITEM_ROWS * ITEM_COLS; i++) {                                              \
        const int row = first + ROW_OF_ITEM(i / ITEM_COLS), at = col + COL_OF_ITEM(i % ITEM_COLS); \
        float own = 0.0f;                                                                          \
        EACH_RESULT(r, c)                                                                          \
            own = i == r * ITEM_COLS + c ? sums[r][c] : own;                                       \
        if (row < (rows) && at < g.cols) {                                                         \
            const ulong to = place, beside = g.gradient ? to : 0;                                  \
            put(&g, bias + beside + at, y + to + at, own);                                         \
        }                                                                                          \
    }
#else
#define STORE_SUMS(sums, rows, place)                                                   \
    UNROLLED(r, ITEM_ROWS) {                                                            \
        const int row = first + ROW_OF_ITEM(r);                                         \
        if (row < (rows)) {                                                             \
            const ulong to = place, beside = g.gradient ? to : 0;                       \
            UNROLLED(c, ITEM_COLS / WIDE) {                                             \
                const int at = col + COL_OF_ITEM(WIDE * c);                             \
                if (at < g.cols)                                                        \
                    put(&g, bias + beside + at, y + to + at, PIECE(sums, r, WIDE * c)); \
            }                                                                           \
        }                                                                               \
    }
#endif

/* Applies an activation to the results that the work-item stored, or passes them back through one,
 * in a loop that stays one, because the formulas are long. */
#define ACTIVATE                                                        \
    _Pragma("unroll 1") for (int i = 0; i < ITEM_ROWS * ITEM_COLS; i++) \
    {                                                                   \
        const int row = first + ROW_OF_ITEM(i / ITEM_COLS);             \
        const int at = col + COL_OF_ITEM(i % ITEM_COLS);                \
        const ulong place = PLACE_OF(row) + at;                         \
        if (row < g.rows && at < g.cols)                                \
            activate(&g, bias + place, y + place);                      \
    }

/* The beginning of row `row` in y, found once for all work-items, since that takes divisions, and
 * kept in the place of the terms. */
#define PLACE_OF(row) ((ulong)terms[(row)-first].x)
#define STORE_ACTIVATED(sums)                                      \
    barrier(CLK_LOCAL_MEM_FENCE);                                  \
    if (item < ROWS)                                               \
        terms[item].x = y_of(&g, least(first + item, g.rows - 1)); \
    barrier(CLK_LOCAL_MEM_FENCE);                                  \
    STORE_SUMS(sums, g.rows, PLACE_OF(row))                        \
    if (g.activation > 1 + ISO_RELU)                               \
    ACTIVATE

/* ---- Sums over taps ---- */

/* A's tile along the terms: row i is own_a[i]. B's along its columns. */
#define FETCH_TAPS(k_)                                                                        \
    {                                                                                         \
        const int2 term = terms[least((k_) + TERM_ACROSS, count - WIDE)];                     \
        UNROLLED(i, A_PIECES)                                                                 \
            from_a[i] = piece_at(a, own_a[i], term, 0.0f);                                    \
        UNROLLED(i, B_PIECES)                                                                 \
            from_b[i] =                                                                       \
                *(global const piece *)(b + (ulong)(begin + least((k_) + TERM_ALONG(i, COLS), \
                                                                  count - 1)) *               \
                                                g.ldb);                                       \
    }
#define KEEP_TAPS                                                                         \
    UNROLLED(i, A_PIECES)                                                                 \
        keep_across(la + (now * TERMS + TERM_ACROSS) * PITCH_A + LINE_ACROSS(i), PITCH_A, \
                    from_a[i]);                                                           \
    UNROLLED(i, B_PIECES)                                                                 \
        keep_along(lb + (now * TERMS + TERM_ALONG(i, COLS)) * PITCH_B + LINE_ALONG(COLS), \
                   from_b[i]);

/* B's tile along the terms, too: column i is own_b[i]. */
#define FETCH_TURNED(k_)                                                            \
    {                                                                               \
        const int at = least((k_) + TERM_ACROSS, count - WIDE), at_b = terms_b[at]; \
        const int2 term = terms[at];                                                \
        UNROLLED(i, A_PIECES)                                                       \
            from_a[i] = piece_at(a, own_a[i], term, 0.0f);                          \
        UNROLLED(i, B_PIECES)                                                       \
            from_b[i] = *(global const piece *)(b + own_b[i] + at_b);               \
    }
#define KEEP_TURNED                                                                       \
    UNROLLED(i, A_PIECES)                                                                 \
        keep_across(la + (now * TERMS + TERM_ACROSS) * PITCH_A + LINE_ACROSS(i), PITCH_A, \
                    from_a[i]);                                                           \
    UNROLLED(i, B_PIECES)                                                                 \
        keep_across(lb + (now * TERMS + TERM_ACROSS) * PITCH_B + LINE_ACROSS(i), PITCH_B, \
                    from_b[i]);

/* Finds the terms [begin, end) of this work-group: all, or those of a block. */
#define OVER_TAPS                                                                     \
    const struct opencl_chains g = all;                                               \
    LOCAL_TILES                                                                       \
    local int2 terms[MOST_TERMS];                                                     \
    int2 own_a[A_PIECES];                                                             \
    float sum[ITEM_ROWS][ITEM_COLS], total[ITEM_ROWS][ITEM_COLS];                     \
    const int first = (int)get_group_id(0) * ROWS, col = (int)get_group_id(1) * COLS; \
    const int deep = get_group_id(2), depth = g.taps_y * g.taps_x * g.segment;        \
    int begin = g.split ? deep * g.block : 0,                                         \
        end = g.split ? least(depth, begin + g.block) : depth;                        \
    UNROLLED(i, A_PIECES)                                                             \
        own_a[i] = place_of_row(&g, least(first + LINE_ACROSS(i), g.rows - 1));       \
    a += a_at + deep * (ulong)g.a_next;                                               \
    b += b_at + deep * (ulong)g.b_next;                                               \
    y += y_at + deep * (ulong)g.y_next;                                               \
    bias += bias_at;                                                                  \
    CLEAR(sum)                                                                        \
    CLEAR(total)

kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void chains_over_taps(ARGUMENTS)
{
    OVER_TAPS
    b += least(col + LINE_ALONG(COLS), g.cols - WIDE);
    for (; begin < end; begin += g.block) {
        const int count = least(end - begin, g.block);
        for (int t = item; t < count; t += ITEMS)
            terms[t] = place_of_term(&g, begin + t);
        barrier(CLK_LOCAL_MEM_FENCE);
        BLOCK(count, FETCH_TAPS, KEEP_TAPS)
        END(sum, total)
    }
    STORE_ACTIVATED(total)
}

kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void chains_over_turned(ARGUMENTS)
{
    OVER_TAPS
    local int terms_b[MOST_TERMS];
    int own_b[B_PIECES];
    UNROLLED(i, B_PIECES)
        own_b[i] = least(col + LINE_ACROSS(i), g.cols - 1) * g.b_col;
    for (; begin < end; begin += g.block) {
        const int count = least(end - begin, g.block);
        for (int t = item; t < count; t += ITEMS) {
            terms[t] = place_of_term(&g, begin + t);
            terms_b[t] = turned_place(&g, begin + t);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        BLOCK(count, FETCH_TURNED, KEEP_TURNED)
        END(sum, total)
    }
    STORE_ACTIVATED(total)
}

/* ---- Sums over rows ---- */

#define FETCH_ROWS(k_)                                                                             \
    {                                                                                              \
        UNROLLED(i, A_PIECES)                                                                      \
            from_a[i] =                                                                            \
                piece_at(a, terms[least((k_) + TERM_ALONG(i, ROWS), count - 1)], own, outside);    \
        UNROLLED(i, B_PIECES)                                                                      \
            from_b[i] = *(                                                                         \
                global const piece *)(from + (ulong)least((k_) + TERM_ALONG(i, COLS), count - 1) * \
                                                 g.ldb);                                           \
    }
#define KEEP_ROWS                                                                         \
    UNROLLED(i, A_PIECES)                                                                 \
        keep_along(la + (now * TERMS + TERM_ALONG(i, ROWS)) * PITCH_A + LINE_ALONG(ROWS), \
                   from_a[i]);                                                            \
    UNROLLED(i, B_PIECES)                                                                 \
        keep_along(lb + (now * TERMS + TERM_ALONG(i, COLS)) * PITCH_B + LINE_ALONG(COLS), \
                   from_b[i]);

/* A work-group adds the groups of rows [first_group + part * each, ... + each) of one product, and
 * puts the sum to y[part][product][depth][cols]. Sums of several groups are added there. */
kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void chains_over_rows(ARGUMENTS)
{
    struct opencl_chains g = all;
    LOCAL_TILES
    local int2 terms[ISO_BLOCK_ROWS];
    g.has_bias = g.activation = g.gradient = 0; /* they are 0, and compilers should know */
    const struct iso_rows rows = { g.rows, g.image };
    const int first = (int)get_group_id(0) * ROWS, col = (int)get_group_id(1) * COLS;
    const int depth = g.taps_y * g.taps_x * g.segment;
    const int part = (int)get_group_id(2) % g.deep, product = (int)get_group_id(2) / g.deep;
    const int products = (int)get_num_groups(2) / g.deep;
    int number = g.first_group + part * g.each;
    const int stop = least(number + g.each, g.end_group);
    const int2 own = place_of_result(&g, depth, first + LINE_ALONG(ROWS), WIDE);
#if WIDE == 4
    const piece outside = (float4)(outside_of(own), 0.0f, 0.0f, 0.0f);
#else
    const piece outside = outside_of(own);
#endif
    float sum[ITEM_ROWS][ITEM_COLS], group[ITEM_ROWS][ITEM_COLS];
    a += a_at + product * (ulong)g.a_next;
    b += b_at + product * (ulong)g.b_next + least(col + LINE_ALONG(COLS), g.cols - WIDE);
    y += y_at + ((ulong)part * products + product) * (depth + g.ones) * g.cols;
    CLEAR(sum)
    for (; number < stop; number++) {
        int row = iso_group_begin(rows, number), last = iso_group_end(rows, row);
        CLEAR(group)
        while (row < last) {
            const int count = iso_block_end(rows, row) - row, own_row = row - g.first_row;
            global const float *from = b + (ulong)own_row * g.ldb;
            for (int t = item; t < count; t += ITEMS)
                terms[t] = place_of_row(&g, own_row + t);
            barrier(CLK_LOCAL_MEM_FENCE);
            BLOCK(count, FETCH_ROWS, KEEP_ROWS)
            END(sum, group)
            row += count;
        }
        STORE_SUMS(group, depth + g.ones, (ulong)row * g.cols)
        g.add = 1;
    }
}
