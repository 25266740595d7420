/* winograd_fused.h: Winograd's convolution (core/arithmetic/winograd.h) in one kernel: what lies
 * between the pixels and the results, 36 / 4 or 36 / 16 of their number each way, stays in local
 * memory.
 *
 * A work-group takes TILES tiles, or channels, and FILTERS filters, 16 or 32, at all points: each
 * work-item has 8 x 8 sums of one point. It goes through the terms, which are channels or tiles,
 * STEP at a time. The tiles' lines are loaded while the terms before them are multiplied. */
#include "common.h"
#include "bias_sums.h"
#include "winograd_tiles.h"

#define TILES 16
#define STEP 4
/* Work-items of a point, and of all 36. */
#define ITEMS_OF_POINT (FILTERS / 4)
#define ITEMS (ITEMS_OF_POINT * 36)
/* Floats from a term to the next in the stage; that of the tiles leaves banks of memory apart. */
#define PITCH_V 20
#define PITCH_W FILTERS
/* Lines of the tiles in a step, of the results' part that is transformed at a time. */
#define LINES_V (STEP * TILES * SIDE)
#define LINES_W (STEP * FILTERS * SIDE)
#define PART 4
#define PAIRS (PART * FILTERS)
/* Lines of a step that a work-item loads: tiles have 4 lines of results at most; kernels whose
 * points are made here have TAPS lines. */
#define ROUNDS_V ((LINES_V + ITEMS - 1) / ITEMS)
#define ROUNDS_W ((4 * STEP * FILTERS + ITEMS - 1) / ITEMS)
#define TAPS 3
#define LINES_T (TAPS * STEP * FILTERS)
#define ROUNDS_T ((LINES_T + ITEMS - 1) / ITEMS)

#ifndef SUB_GROUPS
#define SUB_GROUPS 0 /* 1: for Intel's GPUs */
#endif
/* NVIDIA's compiler spills nothing with 32 filters if places of lines are wide and taps are read
 * only where they are needed; with 16, if neither is so. */
#if FILTERS == 32 && !SUB_GROUPS
typedef long place_of_line;
enum { ONLY_NEEDED_TAPS = 1 };
#else
typedef int place_of_line;
enum { ONLY_NEEDED_TAPS = 0 };
#endif

/* Places of the terms of a point in the stage. */
#define V(point, term, i) (((point)*STEP + (term)) * PITCH_V + (i))
#define W(point, term, i) (((point)*STEP + (term)) * PITCH_W + (i))
#define TERM_STAGE local float4 stage[POINTS * STEP * (PITCH_V + PITCH_W) / 4];
#define OF_STAGE                                                     \
    local float *v = (local float *)stage;                           \
    local float *w = (local float *)stage + POINTS * STEP * PITCH_V; \
    local float *sums = (local float *)stage;                        \
    const int item = get_local_id(0), point = item / ITEMS_OF_POINT; \
    OWN_SUMS

/* A loop that compilers shall not unroll, because all sums are alive in it. */
#define AS_LOOP _Pragma("unroll 1")

#if SUB_GROUPS
/* A point is a sub-group's: a multiply-add takes a single lane of a register as an operand for
 * nothing. sum[4 i + j]: tile or channel i, filter 4 lane + j. (Intel's compiler unrolls no loop
 * around all of them.) */
#pragma OPENCL EXTENSION cl_intel_subgroups : enable
#define FUSED_KERNEL                                     \
    kernel __attribute__((intel_reqd_sub_group_size(8))) \
    __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
#define OWN_SUMS                                             \
    const int lane = item % ITEMS_OF_POINT, left = 4 * lane; \
    float sum[4 * TILES];
#define CLEAR_SUMS         \
    UNROLLED(i, 4 * TILES) \
        sum[i] = start_of_sum();
#define PRODUCTS(own, first)                                                    \
    UNROLLED(i, 8) {                                                            \
        const float one = intel_sub_group_shuffle(own, i);                      \
        sum[(first) + 4 * i] = iso_fma(one, b.x, sum[(first) + 4 * i]);         \
        sum[(first) + 4 * i + 1] = iso_fma(one, b.y, sum[(first) + 4 * i + 1]); \
        sum[(first) + 4 * i + 2] = iso_fma(one, b.z, sum[(first) + 4 * i + 2]); \
        sum[(first) + 4 * i + 3] = iso_fma(one, b.w, sum[(first) + 4 * i + 3]); \
    }
#define TERM(k)                                                               \
    {                                                                         \
        const float4 b = *(local const float4 *)(w + W(point, k, left));      \
        const float x0 = v[V(point, k, lane)], x1 = v[V(point, k, lane + 8)]; \
        PRODUCTS(x0, 0)                                                       \
        PRODUCTS(x1, 32)                                                      \
    }
#define MULTIPLY TERM(0) TERM(1) TERM(2) TERM(3)
#define STAGE_PART(part, number)                                                     \
    if ((part) == (number))                                                          \
        UNROLLED(i, PART)                                                            \
            *(local float4 *)(sums + (point * PART + i) * FILTERS + left) =          \
                (float4)(sum[16 * (number) + 4 * i], sum[16 * (number) + 4 * i + 1], \
                         sum[16 * (number) + 4 * i + 2], sum[16 * (number) + 4 * i + 3]);
#define STAGE_SUMS(part) \
    STAGE_PART(part, 0) STAGE_PART(part, 1) STAGE_PART(part, 2) STAGE_PART(part, 3)
#else
#define FUSED_KERNEL kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
#define OWN_SUMS                                                         \
    const int lower = item % 2 * 8, left = item / 2 % (FILTERS / 8) * 8; \
    float sum[8][8];
#define EACH_SUM(i, j) \
    UNROLLED(i, 8)     \
        UNROLLED(j, 8)
#define CLEAR_SUMS \
    EACH_SUM(i, j) \
    sum[i][j] = start_of_sum();
/* Puts the sums of a part of the tiles or channels to the stage, when no terms are there. */
#define STAGE_SUMS(part)                \
    UNROLLED(h, 2)                      \
        if ((part) == lower / PART + h) \
            UNROLLED(i, PART)           \
                UNROLLED(j, 8)          \
                    sums[(point * PART + i) * FILTERS + left + j] = sum[h * PART + i][j];
#define TAKE(to, i, from)                                   \
    {                                                       \
        float4 four = *(local const float4 *)(from);        \
        to[4 * (i)] = four.x, to[4 * (i) + 1] = four.y;     \
        to[4 * (i) + 2] = four.z, to[4 * (i) + 3] = four.w; \
    }
/* The products of a step, term by term. */
#define MULTIPLY                                       \
    UNROLLED(k, STEP) {                                \
        float a[8], b[8];                              \
        UNROLLED(i, 2) {                               \
            TAKE(a, i, v + V(point, k, lower + 4 * i)) \
            TAKE(b, i, w + W(point, k, left + 4 * i))  \
        }                                              \
        EACH_SUM(i, j)                                 \
        sum[i][j] = iso_fma(a[i], b[j], sum[i][j]);    \
    }
#endif

/* A line of a tile: the place of its first pixel, and a bit for each pixel inside the image. */
struct line {
    place_of_line at;
    int inside;
};

/* Returns the place of a tile: its image, and its row and column there, 16 bits each. */
static inline int2 place_of(const struct opencl_tiles *g, int tile)
{
    const int number = g->first + tile, image = quotient(number, g->image_tiles, g->per_image);
    const int inner = number - image * g->image_tiles;
    const int row = quotient(inner, g->tiles_x, g->per_row);
    return (int2)(image, row << 16 | (inner - row * g->tiles_x));
}

/* Returns line number `line` of the tile at a place, of channel 0; one without pixels if there is
 * no such tile or line. */
static inline struct line line_of(const struct opencl_tiles *g, int2 place, int there, int line)
{
    const int y = (place.y >> 16) * g->step - g->top + line;
    const int x = (place.y & 0xffff) * g->step - g->left;
    struct line l = {
        (place_of_line)place.x * g->image_step + ((place_of_line)y * g->w + x) * g->pixel_step, 0
    };
    UNROLLED(j, SIDE)
        l.inside |= j < g->side && x + j >= 0 && x + j < g->w ? 1 << j : 0;
    if (!there || line >= g->side || y < 0 || y >= g->h)
        l.inside = 0;
    return l;
}

/* x: the line's first pixel. */
static inline void load_line(struct line l, global const float *x, int pixel_step, float *d)
{
    UNROLLED(j, SIDE) {
        d[j] = 0.0f;
        if ((l.inside >> j & 1) != 0)
            d[j] = *x;
        x += pixel_step;
    }
}

/* A line of points, or of results, in a stage whose points are `apart` floats from each other: puts
 * it there, or transforms a column there in place. */
static inline void put_line(local float *at, int apart, const float *t)
{
    UNROLLED(j, SIDE)
        at[j * apart] = t[j];
}
static inline void source_column(local float *at, int apart)
{
    float d[SIDE], t[SIDE];
    UNROLLED(i, SIDE)
        d[i] = at[i * SIDE * apart];
    iso_winograd_source(d, t);
    put_line(at, SIDE * apart, t);
}
/* The points of a line of a tile's results: 4 a side for kernels of 3 x 3 taps, 2 for 5 x 5. */
static inline void gradient_points(int side, const float *d, float *t)
{
    if (side == 4)
        iso_winograd_taps4(d, t);
    else
        iso_winograd_taps2(d, t);
}
static inline void gradient_column(local float *at, int apart, int side)
{
    float d[SIDE], t[SIDE];
    UNROLLED(i, SIDE)
        d[i] = at[i * SIDE * apart];
    gradient_points(side, d, t);
    put_line(at, SIDE * apart, t);
}
static inline void to_result_line(local float *at, int apart, int side)
{
    float d[SIDE], t[SIDE];
    UNROLLED(i, SIDE)
        d[i] = at[i * apart];
    to_results(side, d, t);
    put_line(at, apart, t);
}

/* ---- Images: the terms are channels ---- */

/* Puts the results of the work-item's column of a tile, which are in the stage, to y. */
static inline void put_column(const struct opencl_tiles *g, int tile, int column, int filter,
                              local const float *at, int apart, global const float *bias,
                              global float *y)
{
    const int2 place = place_of(g, tile);
    const struct line first = line_of(g, place, tile < g->tiles && filter < g->c, 0);
    const int top = (place.y >> 16) * g->step;
    const int end = (first.inside >> column & 1) != 0 ? least(g->side, g->h - top) : 0;
    const float b = g->has_bias && end > 0 ? bias[filter] : 0.0f;
    const ulong begin = (ulong)first.at + (ulong)(column * g->pixel_step) + filter;
    AS_LOOP for (int i = 0; i < end; i++)
    {
        const ulong to = begin + (ulong)i * g->w * g->pixel_step;
        put_result(g, end_of_sum(at[i * SIDE * apart]), b, bias + to, y + to);
    }
}

/* Adds the sums of a block, of the part that is in the stage, to the totals in memory, and puts the
 * totals to both. */
static inline void add_totals(global float *m, local float *sums, bool later)
{
    AS_LOOP for (int i = get_local_id(0); i < POINTS * PAIRS; i += ITEMS)
    {
        const float total = (later ? m[i] : 0.0f) + sums[i];
        m[i] = sums[i] = total;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
}

/* Transforms the part that is in the stage, and puts its results to y. */
static inline void put_part(const struct opencl_tiles *g, int tile, int col, local float *sums,
                            global const float *bias, global float *y)
{
    AS_LOOP for (int task = get_local_id(0); task < PAIRS * SIDE; task += ITEMS)
        to_result_line(sums + task / PAIRS * SIDE * PAIRS + task % PAIRS, PAIRS, g->side);
    barrier(CLK_LOCAL_MEM_FENCE);
    AS_LOOP for (int task = get_local_id(0); task < PAIRS * g->side; task += ITEMS)
    {
        const int pair = task % PAIRS, column = task / PAIRS;
        local float *at = sums + column * PAIRS + pair;
        to_result_line(at, SIDE * PAIRS, g->side);
        put_column(g, tile + pair / FILTERS, column, col + pair % FILTERS, at, PAIRS, bias, y);
    }
}

/* A line of a kernel's taps of a term and a filter. */
struct taps_line {
    uint at;
    local float *to;
    bool there;
};
static inline struct taps_line taps_line_of(const struct opencl_tiles *t, int col, int task,
                                            local float *w)
{
    const int filter = task % FILTERS, term = task / FILTERS % STEP, line = task / FILTERS / STEP;
    const int own = least(line, TAPS - 1), y = t->turned ? TAPS - 1 - own : own;
    return (struct taps_line){ (uint)term * t->image_step +
                                   (uint)least(col + filter, t->c - 1) * t->channel_step +
                                   (uint)(y * TAPS) * t->pixel_step,
                               w + W(line * SIDE, term, filter), line < TAPS };
}
static inline void load_taps(const struct opencl_tiles *t, struct taps_line l,
                             global const float *from, float *d)
{
    UNROLLED(j, TAPS) {
        const uint at = l.at + (uint)(t->turned ? TAPS - 1 - j : j) * t->pixel_step;
        d[j] = l.there || !ONLY_NEEDED_TAPS ? from[at] : 0.0f;
    }
}
static inline void taps_column(local float *at, int apart)
{
    float d[TAPS], t[SIDE];
    UNROLLED(i, TAPS)
        d[i] = at[i * SIDE * apart];
    iso_winograd_taps3(d, t);
    put_line(at, SIDE * apart, t);
}

/* Compilers cannot see that c_ is one more than before: they would keep a register or two for the
 * address of each number that is loaded. */
#define FETCH_CHANNELS(c_)                                                      \
    {                                                                           \
        const int hidden = (c_) ^ s.add;                                        \
        UNROLLED(k, ROUNDS_V)                                                   \
            load_line(own[k], x + own[k].at + hidden, s.pixel_step, d[k]);      \
        if (from_taps) {                                                        \
            UNROLLED(k, ROUNDS_T)                                               \
                load_taps(&t, taps[k], u + (ulong)hidden * t.image_step, e[k]); \
        } else {                                                                \
            UNROLLED(k, STEP)                                                   \
                next[k] = *(global const float4 *)(u + (hidden + k) * r.c);     \
        }                                                                       \
    }

/* y = the results of all tiles of the source x. u: the points of the kernel or, from_taps, its taps
 * t; m: memory for totals, if there is more than one block. */
static inline __attribute__((always_inline)) void
convolve(local float4 *stage, const bool from_taps, global const float *x, global const float *u,
         global float *m, global const float *bias, global float *y, struct opencl_tiles s,
         struct opencl_tiles r, struct opencl_tiles t)
{
    OF_STAGE
    const int first = (int)get_group_id(0) * TILES, col = (int)get_group_id(1) * FILTERS;
    struct line own[ROUNDS_V];
    struct taps_line taps[ROUNDS_T];
    local float *lines[ROUNDS_V], *columns[ROUNDS_V];
    float d[ROUNDS_V][SIDE], e[ROUNDS_T][TAPS];
    float4 next[STEP];
    UNROLLED(k, ROUNDS_V) {
        const int task = item + k * ITEMS, tile = task / STEP % TILES, line = task / STEP / TILES;
        own[k] =
            line_of(&s, place_of(&s, first + tile), first + tile < s.tiles && line < SIDE, line);
        lines[k] = v + V(line * SIDE, task % STEP, tile);
        columns[k] = v + V(line, task % STEP, tile);
    }
    UNROLLED(k, ROUNDS_T)
        taps[k] = taps_line_of(&t, col, item + k * ITEMS, w);
    x += item % STEP;
    m += ((ulong)get_group_id(1) * get_num_groups(0) + get_group_id(0)) * TILES / PART * POINTS *
         PAIRS;
    if (!from_taps)
        u += (ulong)point * s.c * r.c + least(col + item % ITEMS_OF_POINT * 4, r.c - 4);
    CLEAR_SUMS
    FETCH_CHANNELS(0)
    for (int begin = 0; begin < s.c; begin += ISO_BLOCK_CHANNELS) {
        const int end = least(begin + ISO_BLOCK_CHANNELS, s.c);
        for (int c = begin; c < end; c += STEP) {
            UNROLLED(k, ROUNDS_V) {
                float p[SIDE];
                iso_winograd_source(d[k], p);
                if (item + k * ITEMS < LINES_V)
                    put_line(lines[k], STEP * PITCH_V, p);
            }
            if (from_taps) {
                UNROLLED(k, ROUNDS_T) {
                    float p[SIDE];
                    iso_winograd_taps3(e[k], p);
                    if (taps[k].there)
                        put_line(taps[k].to, STEP * PITCH_W, p);
                }
            } else {
                UNROLLED(k, STEP)
                    *(local float4 *)(w + W(point, k, item % ITEMS_OF_POINT * 4)) = next[k];
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            UNROLLED(k, ROUNDS_V)
                if (item + k * ITEMS < LINES_V)
                    source_column(columns[k], STEP * PITCH_V);
            if (from_taps) {
                AS_LOOP for (int task = item; task < LINES_W; task += ITEMS)
                    taps_column(w + W(task / FILTERS / STEP, task / FILTERS % STEP, task % FILTERS),
                                STEP * PITCH_W);
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            if (c + STEP < s.c) {
                FETCH_CHANNELS(c + STEP)
            }
            MULTIPLY
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        AS_LOOP for (int part = 0; part < TILES / PART; part++)
        {
            STAGE_SUMS(part)
            barrier(CLK_LOCAL_MEM_FENCE);
            if (begin > 0 || end < s.c)
                add_totals(m + part * POINTS * PAIRS, sums, begin > 0);
            if (end == s.c)
                put_part(&r, first + part * PART, col, sums, bias, y);
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        CLEAR_SUMS
    }
}

FUSED_KERNEL winograd_fused(global const float *x, ulong x_at, global const float *u, ulong u_at,
                            global float *m, ulong m_at, global const float *bias, ulong bias_at,
                            global float *y, ulong y_at, struct opencl_tiles source,
                            struct opencl_tiles result)
{
    TERM_STAGE
    convolve(stage, false, x + x_at, u + u_at, m + m_at, bias + bias_at, y + y_at, source, result,
             source);
}

/* The same with a kernel of TAPS x TAPS taps, whose points each work-group makes for itself: a
 * launch less, and slower. */
FUSED_KERNEL winograd_fused_taps(global const float *x, ulong x_at, global const float *w,
                                 ulong w_at, global float *m, ulong m_at, global const float *bias,
                                 ulong bias_at, global float *y, ulong y_at,
                                 struct opencl_tiles source, struct opencl_tiles result,
                                 struct opencl_tiles taps)
{
    TERM_STAGE
    convolve(stage, true, x + x_at, w + w_at, m + m_at, bias + bias_at, y + y_at, source, result,
             taps);
}

/* ---- The kernel's gradient: the terms are tiles ---- */

/* A tile of both operands, found once in a block: where its first pixels are, and bits of the lines
 * and the columns inside the images: 6 and 6 of the source, 4 and 4 of the gradient. */
struct both {
    int source, gradient, inside;
};
enum { SOURCE_COLUMNS = 6, GRADIENT_LINES = 12, GRADIENT_COLUMNS = 16 };
static inline int bits_inside(int first, int side, int size)
{
    int bits = 0;
    UNROLLED(j, SIDE)
        bits |= j < side && first + j >= 0 && first + j < size ? 1 << j : 0;
    return bits;
}
static inline struct both both_of(const struct opencl_tiles *s, const struct opencl_tiles *r,
                                  int tile)
{
    const int2 place = place_of(s, tile);
    const int i = place.y >> 16, j = place.y & 0xffff, y = i * s->step - s->top,
              x = j * s->step - s->left, y_r = i * r->step - r->top, x_r = j * r->step - r->left;
    return (struct both){ place.x * s->image_step + (y * s->w + x) * s->pixel_step,
                          place.x * r->image_step + (y_r * r->w + x_r) * r->pixel_step,
                          bits_inside(y, s->side, s->h) |
                              bits_inside(x, s->side, s->w) << SOURCE_COLUMNS |
                              bits_inside(y_r, r->side, r->h) << GRADIENT_LINES |
                              bits_inside(x_r, r->side, r->w) << GRADIENT_COLUMNS };
}

/* Line number `line` of a tile, if it is there; lines, columns: where its bits begin. */
static inline struct line line_at(const struct opencl_tiles *g, int first, int inside, int lines,
                                  int columns, bool there, int line)
{
    const bool any = there && (inside >> lines & 1 << line) != 0;
    return (struct line){ first + line * g->w * g->pixel_step, any ? inside >> columns : 0 };
}

#define FETCH_TILES(row_)                                                                         \
    UNROLLED(k, ROUNDS_V) {                                                                       \
        const int task = item + k * ITEMS, tile = (row_) + task / TILES % STEP;                   \
        const int channel = first + task % TILES, line = task / TILES / STEP;                     \
        const struct both p = places[tile - begin];                                               \
        const struct line l = line_at(&s, p.source, p.inside, 0, SOURCE_COLUMNS,                  \
                                      tile < end && channel < s.c && line < SIDE, line);          \
        load_line(l, x + l.at + channel, s.pixel_step, d[k]);                                     \
    }                                                                                             \
    UNROLLED(k, ROUNDS_W) {                                                                       \
        const int task = item + k * ITEMS, tile = (row_) + task / FILTERS % STEP;                 \
        const int filter = col + task % FILTERS, line = task / FILTERS / STEP;                    \
        const struct both p = places[tile - begin];                                               \
        const struct line l = line_at(&r, p.gradient, p.inside, GRADIENT_LINES, GRADIENT_COLUMNS, \
                                      tile < end && filter < r.c && line < 4, line);              \
        load_line(l, dy + l.at + filter, r.pixel_step, e[k]);                                     \
    }

/* Adds the sums of a block of tiles, of the part of the channels that is in the stage, to y [point]
 * [channel][filter]. */
static inline void add_part(global float *y, local const float *sums, bool later, int channels,
                            int filters, int first, int col)
{
    AS_LOOP for (int task = get_local_id(0); task < POINTS * PAIRS; task += ITEMS)
    {
        const int point = task / PAIRS, channel = first + task / FILTERS % PART;
        const int filter = col + task % FILTERS;
        global float *total = y + ((ulong)point * channels + channel) * filters + filter;
        if (channel < channels && filter < filters)
            *total = (later ? *total : 0.0f) + sums[task];
    }
}

/* The work-groups past those of all channels, `number` of them before this one: a place and
 * BIAS_COLUMNS columns each, as long as there are any. */
static inline void add_bias(const struct opencl_bias *b, int number, local float *stage,
                            global const float *dy, global float *places)
{
    const int count = b->groups * ISO_GROUP_BLOCKS, item = get_local_id(0);
    const int own = item % BIAS_COLUMNS, col = number / count * BIAS_COLUMNS + own;
    if (number / count * BIAS_COLUMNS < b->cols)
        add_bias_place(b, number % count, own, col, item / BIAS_COLUMNS, ITEMS / BIAS_COLUMNS,
                       stage, ISO_BLOCK_ROWS, dy, places);
}

/* y[group][point][channel][filter] = the sums over the tiles of each group of rows, and after them
 * the places of the bias's gradient. Both sets of tiles begin with the batch. */
FUSED_KERNEL winograd_fused_rows(global const float *x, ulong x_at, global const float *dy,
                                 ulong dy_at, global float *y, ulong y_at,
                                 struct opencl_tiles source, struct opencl_tiles gradient,
                                 struct opencl_bias bias)
{
    TERM_STAGE
    OF_STAGE
    const struct opencl_bias of_bias = bias;
    const int across = (source.c + TILES - 1) / TILES, past = (int)get_group_id(0) - across;
    if (past >= 0) {
        const int line = (int)get_group_id(1) + (int)get_num_groups(1) * (int)get_group_id(2);
        add_bias(&of_bias, line * ((int)get_num_groups(0) - across) + past, sums, dy + dy_at,
                 y + y_at + (ulong)get_num_groups(2) * POINTS * source.c * gradient.c);
        return;
    }
    const struct opencl_tiles s = source, r = gradient;
    const int first = (int)get_group_id(0) * TILES, col = (int)get_group_id(1) * FILTERS;
    const struct iso_rows rows = { s.tiles, s.image_tiles };
    local struct both places[ISO_BLOCK_ROWS + STEP]; /* those of a block's tiles */
    const int start = iso_group_begin(rows, get_group_id(2)), stop = iso_group_end(rows, start);
    float d[ROUNDS_V][SIDE], e[ROUNDS_W][SIDE];
    x += x_at;
    dy += dy_at;
    CLEAR_SUMS
    y += y_at + (ulong)get_group_id(2) * POINTS * s.c * r.c;
    for (int begin = start, end; begin < stop; begin = end) {
        end = iso_block_end(rows, begin);
        AS_LOOP for (int i = item; begin + i < end; i += ITEMS)
        {
            places[i] = both_of(&s, &r, begin + i);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        FETCH_TILES(begin)
        AS_LOOP for (int row = begin; row < end; row += STEP)
        {
            UNROLLED(k, ROUNDS_V) {
                const int task = item + k * ITEMS;
                float t[SIDE];
                iso_winograd_source(d[k], t);
                if (task < LINES_V)
                    put_line(v + V(task / TILES / STEP * SIDE, task / TILES % STEP, task % TILES),
                             STEP * PITCH_V, t);
            }
            UNROLLED(k, ROUNDS_W) {
                const int task = item + k * ITEMS;
                float t[SIDE];
                gradient_points(r.side, e[k], t);
                if (task < r.side * STEP * FILTERS)
                    put_line(
                        w + W(task / FILTERS / STEP * SIDE, task / FILTERS % STEP, task % FILTERS),
                        STEP * PITCH_W, t);
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            UNROLLED(k, ROUNDS_V) {
                const int task = item + k * ITEMS;
                if (task < LINES_V)
                    source_column(v + V(task / TILES / STEP, task / TILES % STEP, task % TILES),
                                  STEP * PITCH_V);
            }
            AS_LOOP for (int task = item; task < LINES_W; task += ITEMS)
                gradient_column(w + W(task / FILTERS / STEP, task / FILTERS % STEP, task % FILTERS),
                                STEP * PITCH_W, r.side);
            barrier(CLK_LOCAL_MEM_FENCE);
            if (row + STEP < end) {
                FETCH_TILES(row + STEP)
            }
            MULTIPLY
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        AS_LOOP for (int part = 0; part < TILES / PART; part++)
        {
            STAGE_SUMS(part)
            barrier(CLK_LOCAL_MEM_FENCE);
            add_part(y, sums, begin > start, s.c, r.c, first + part * PART, col);
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        CLEAR_SUMS
    }
}
