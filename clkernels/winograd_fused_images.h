/* winograd_fused_images.h (part of winograd_fused.h): Winograd's convolution of images: the terms
 * are channels. */

/* Kernels whose points are made here have TAPS lines. */
#define TAPS 3
#define LINES_T (TAPS * VECTORS_W)

/* Vectors of a point and a term that a work-item brings. */
#define WIDTHS (FILTERS / 4 / ITEMS_OF_POINT)

/* The products of a step, term by term. */
#if SUB_GROUPS
#define TERM(k, member)                                \
    {                                                  \
        const vec b = stage[W(point, k, lane)];        \
        PRODUCTS(x0.member, 0) PRODUCTS(x1.member, 32) \
    }
#define MULTIPLY_TILES                                                        \
    {                                                                         \
        const vec x0 = stage[V(point, lane)], x1 = stage[V(point, lane + 8)]; \
        TERM(0, x) TERM(1, y) TERM(2, z) TERM(3, w)                           \
    }
#else
#define TERM(k, member)              \
    {                                \
        float a[8], b[ITEM_FILTERS]; \
        UNROLLED(i, 8)               \
            a[i] = tiles[i].member;  \
        TAKE_FILTERS(k)              \
        PRODUCTS                     \
    }
/* Two terms of all tiles at a time, as long as nothing may read more (volatile): four would take
 * registers that 288 work-items do not have. */
#if ITEMS_ACROSS > 2
#define TWO_TERMS local const volatile float2
#else
#define TWO_TERMS local const float2
#endif
#define TERMS(h)                                               \
    {                                                          \
        float2 tiles[8];                                       \
        UNROLLED(i, 8)                                         \
            tiles[i] = ((TWO_TERMS *)AT(from_v))[4 * i + (h)]; \
        TERM(2 * (h), x) TERM(2 * (h) + 1, y)                  \
    }
#define MULTIPLY_TILES TERMS(0) TERMS(1)
#endif

/* Returns line number `line` of the tile at a place, of channel 0; one without pixels if there is
 * no such tile or line. */
static inline struct line line_of(const struct opencl_tiles *g, int2 place, int there, int line)
{
    const int y = (place.y >> 16) * g->step - g->top + line;
    const int x = (place.y & 0xffff) * g->step - g->left;
    struct line l = { place.x * g->image_step + (y * g->w + x) * g->pixel_step, 0 };
    UNROLLED(j, SIDE)
        l.inside |= j < g->side && x + j >= 0 && x + j < g->w ? 1 << j : 0;
    if (!there || line >= g->side || y < 0 || y >= g->h)
        l.inside = 0;
    return l;
}

static inline void to_result_line(local float *at, int apart, int side)
{
    float d[SIDE], t[SIDE];
    UNROLLED(i, SIDE)
        d[i] = at[i * apart];
    to_results(side, d, t);
    UNROLLED(j, SIDE)
        at[j * apart] = t[j];
}

/* Puts the results of the work-item's column of the tile at a place, which are in the stage, to y,
 * if there are such results. */
static inline void put_column(const struct opencl_tiles *g, int2 place, int there, int column,
                              int filter, local const float *at, int apart,
                              global const float *bias, global float *y)
{
    const struct line first = line_of(g, place, there && filter < g->c, 0);
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

/* Transforms the part that is in the stage, and puts its results to y. tile: the part's first one;
 * places: of its tiles. */
static inline void put_part(const struct opencl_tiles *g, int tile, local const int2 *places,
                            int col, local float *sums, global const float *bias, global float *y)
{
    AS_LOOP for (int task = get_local_id(0); task < PAIRS * SIDE; task += ITEMS)
        to_result_line(sums + task / PAIRS * SIDE * PAIRS + task % PAIRS, PAIRS, g->side);
    barrier(CLK_LOCAL_MEM_FENCE);
    AS_LOOP for (int task = get_local_id(0); task < PAIRS * g->side; task += ITEMS)
    {
        const int pair = task % PAIRS, column = task / PAIRS;
        local float *at = sums + column * PAIRS + pair;
        to_result_line(at, SIDE * PAIRS, g->side);
        put_column(g, places[pair / FILTERS], tile + pair / FILTERS < g->tiles, column,
                   col + pair % FILTERS, at, PAIRS, bias, y);
    }
}

/* A line of a kernel's taps: of a term and four filters or, in a turned kernel, whose terms are
 * side by side, of four terms and a filter. at: its first tap; next: floats to the next one. */
struct taps_line {
    int at, next;
};
static inline struct taps_line taps_line_of(const struct opencl_tiles *t, int col, int task)
{
    const int line = least(task / VECTORS_W, TAPS - 1), own = task % VECTORS_W;
    if (t->turned)
        return (struct taps_line){ least(col + own, t->c - 1) * t->channel_step +
                                       ((TAPS - line) * TAPS - 1) * t->pixel_step,
                                   -t->pixel_step };
    return (struct taps_line){ own / (FILTERS / 4) * t->image_step +
                                   least(col + own % (FILTERS / 4) * 4, t->c - 4) +
                                   line * TAPS * t->pixel_step,
                               t->pixel_step };
}
/* Puts the points of such a line to the stage. */
static inline void put_taps(local vec *stage, int task, int turned, const vec *p)
{
    local vec *to = stage + W(task / VECTORS_W * SIDE, 0, 0);
    local float *filter = (local float *)to + task % VECTORS_W;
    if (!turned) {
        put_line(to + task % VECTORS_W, VECTORS_W, p);
        return;
    }
    UNROLLED(j, SIDE) {
        filter[j * 4 * VECTORS_W] = p[j].x;
        filter[j * 4 * VECTORS_W + FILTERS] = p[j].y;
        filter[j * 4 * VECTORS_W + 2 * FILTERS] = p[j].z;
        filter[j * 4 * VECTORS_W + 3 * FILTERS] = p[j].w;
    }
}
static inline void taps_column(local vec *at)
{
    vec d[TAPS], t[SIDE];
    take_column(at, VECTORS_W, TAPS, d);
    vector_taps3(d, t);
    put_line(at, SIDE * VECTORS_W, t);
}

/* Compilers cannot see that c_ is one more than before: they would keep a register or two for the
 * address of each number that is loaded. A task is a line of tiles or, from_taps, one of taps. */
#define FETCH_CHANNELS(c_)                                                                     \
    {                                                                                          \
        const int hidden = (c_) ^ none;                                                        \
        if (item < LINES_V)                                                                    \
            load_line(inside, x, hidden, s.pixel_step, d);                                     \
        if (from_taps) {                                                                       \
            if (item >= LINES_V)                                                               \
                UNROLLED(j, TAPS)                                                              \
                    d[j] = *(global const vec *)(u + (hidden * t.image_step + j * taps.next)); \
        } else {                                                                               \
            UNROLLED(k, STEP)                                                                  \
                UNROLLED(h, WIDTHS)                                                            \
                    next[k * WIDTHS + h] =                                                     \
                        *(global const vec *)(u + (hidden + k) * r.c + columns[h]);            \
        }                                                                                      \
    }

/* y = the results of all tiles of the source x. u: the points of the kernel or, from_taps, its taps
 * t; m: memory for totals, if there is more than one block. The stage has room for the places
 * of the work-group's tiles. */
static inline __attribute__((always_inline)) void
convolve(local vec *stage, const bool from_taps, global const float *x, global const float *u,
         global float *m, global const float *bias, global float *y, struct opencl_tiles s,
         struct opencl_tiles r, struct opencl_tiles t)
{
    OF_STAGE
    local int2 *places = AFTER_TERMS;
    const int first = (int)get_group_id(0) * TILES, col = (int)get_group_id(1) * FILTERS;
    const int tile = first + item % TILES, line = item / TILES, quad = item % ITEMS_OF_POINT;
    const struct line own = line_of(&s, place_of(&s, tile), tile < s.tiles && line < SIDE, line);
    const struct taps_line taps = taps_line_of(&t, col, item - LINES_V);
    vec d[SIDE], p[SIDE], next[STEP * WIDTHS];
    int columns[WIDTHS];
    /* Numbers that stay the same though compilers cannot see it: they would make places anew in
     * each step, and PoCL's one branch of those of lines and of columns, around the barriers. */
    const int none = s.add & item; /* 0 */
    int inside = own.inside, column = item;
    int put_v = BYTES(V(line * SIDE, item % TILES)), put_w = BYTES(W(point, 0, quad));
    m += ((ulong)get_group_id(1) * get_num_groups(0) + get_group_id(0)) * TILES / PART * POINTS *
         PAIRS;
    UNROLLED(h, WIDTHS)
        columns[h] = least(col + 4 * (quad + h * ITEMS_OF_POINT), r.c - 4);
    u += from_taps ? (ulong)taps.at : (ulong)point * s.c * r.c;
    x += own.at;
    if (item < TILES)
        places[item] = place_of(&s, first + item);
    CLEAR_SUMS
    CLEAR_LINE(d)
    if (AHEAD)
        FETCH_CHANNELS(0)
    for (int begin = 0, c = 0; begin < s.c; begin = c) {
        do {
            if (!AHEAD) {
                CLEAR_LINE(d)
                FETCH_CHANNELS(c)
            }
            if (put_v < BYTES(W(0, 0, 0))) {
                vector_source(d, p);
                put_line(AT(put_v), VECTORS_V, p);
            } else if (from_taps && item < LINES_V + LINES_T) {
                vector_taps3(d, p);
                put_taps(stage, item - LINES_V, t.turned, p);
            }
            if (!from_taps)
                UNROLLED(k, STEP)
                    UNROLLED(h, WIDTHS)
                        AT(put_w)[k * (FILTERS / 4) + h * ITEMS_OF_POINT] = next[k * WIDTHS + h];
            barrier(CLK_LOCAL_MEM_FENCE);
            UNROLLED(k, ROUNDS(LINES_V + (from_taps ? COLUMNS_W : 0))) {
                const int task = column + k * ITEMS;
                if (task < LINES_V)
                    source_column(stage + task);
                else if (from_taps && task < LINES_V + COLUMNS_W)
                    taps_column(stage + W(0, 0, task - LINES_V));
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            c += STEP;
            SAME_PLACES(none)
            put_v ^= none, put_w ^= none, inside ^= none, column ^= none;
            if (AHEAD && c < s.c)
                FETCH_CHANNELS(c)
            MULTIPLY_TILES
            barrier(CLK_LOCAL_MEM_FENCE);
        } while (c % ISO_BLOCK_CHANNELS != 0 && c < s.c);
        AS_LOOP for (int part = 0; part < TILES / PART; part++)
        {
            STAGE_TILES(part)
            barrier(CLK_LOCAL_MEM_FENCE);
            if (begin > 0 || c < s.c)
                add_totals(m + part * POINTS * PAIRS, sums, begin > 0);
            if (c >= s.c)
                put_part(&r, first + part * PART, places + part * PART, col, sums, bias, y);
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
    TERM_STAGE(TILES)
    convolve(stage, false, x + x_at, u + u_at, m + m_at, bias + bias_at, y + y_at, source, result,
             source);
}

#if ITEM_FILTERS == 8 /* otherwise there are fewer work-items than lines of tiles and of taps */
/* The same with a kernel of TAPS x TAPS taps, whose points each work-group makes for itself: a
 * launch less, and slower. */
FUSED_KERNEL winograd_fused_taps(global const float *x, ulong x_at, global const float *w,
                                 ulong w_at, global float *m, ulong m_at, global const float *bias,
                                 ulong bias_at, global float *y, ulong y_at,
                                 struct opencl_tiles source, struct opencl_tiles result,
                                 struct opencl_tiles taps)
{
    TERM_STAGE(TILES)
    convolve(stage, true, x + x_at, w + w_at, m + m_at, bias + bias_at, y + y_at, source, result,
             taps);
}
#endif
