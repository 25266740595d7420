/* winograd_fused_rows.h (part of winograd_fused.h): the gradient of Winograd's kernel: the terms
 * are tiles. */

/* Lines of the gradient's tiles: 4 for kernels of 3 x 3 taps, of which 2 are there for 5 x 5. */
#define GRADIENT_SIDE 4
#define LINES_W (GRADIENT_SIDE * VECTORS_W)

/* The products of a step, tile by tile. */
#if SUB_GROUPS
#define ROW_TERM(k)                                                                              \
    {                                                                                            \
        const vec b = stage[W(point, k, lane)];                                                  \
        local const float *from = (local const float *)(stage + V(point, 0)) + (k)*TILES + lane; \
        const float x0 = from[0], x1 = from[8];                                                  \
        PRODUCTS(x0, 0) PRODUCTS(x1, 32)                                                         \
    }
#define MULTIPLY_ROWS ROW_TERM(0) ROW_TERM(1) ROW_TERM(2) ROW_TERM(3)
#else
#define MULTIPLY_ROWS                                       \
    UNROLLED(k, STEP) {                                     \
        float a[8], b[ITEM_FILTERS];                        \
        UNROLLED(i, 2)                                      \
            TAKE(a, i, AT(from_v)[k * (TILES / 4) + 2 * i]) \
        TAKE_FILTERS(k)                                     \
        PRODUCTS                                            \
    }
#endif

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
                                  int tile, bool there)
{
    const int2 place = place_of(s, tile);
    const int i = place.y >> 16, j = place.y & 0xffff, y = i * s->step - s->top,
              x = j * s->step - s->left, y_r = i * r->step - r->top, x_r = j * r->step - r->left;
    return (struct both){ place.x * s->image_step + (y * s->w + x) * s->pixel_step,
                          place.x * r->image_step + (y_r * r->w + x_r) * r->pixel_step,
                          there ? bits_inside(y, s->side, s->h) |
                                      bits_inside(x, s->side, s->w) << SOURCE_COLUMNS |
                                      bits_inside(y_r, r->side, r->h) << GRADIENT_LINES |
                                      bits_inside(x_r, r->side, r->w) << GRADIENT_COLUMNS
                                : 0 };
}

/* A work-item's line of a step's tiles, of four channels of the source or four filters of the
 * gradient. line: its bit in struct both, or no bit; columns: where their bits begin there. */
struct row_task {
    global const float *from;
    int tile, is_gradient, pixel_step, line, columns;
};

static inline struct row_task source_task(const struct opencl_tiles *s, int task, int first,
                                          global const float *x)
{
    const int channel = first + task % (TILES / 4) * 4, line = task / VECTORS_V;
    return (struct row_task){ x + line * s->w * s->pixel_step + channel,
                              task / (TILES / 4) % STEP,
                              0,
                              s->pixel_step,
                              channel < s->c ? 1 << line : 0,
                              SOURCE_COLUMNS };
}
static inline struct row_task gradient_task(const struct opencl_tiles *r, int task, int col,
                                            global const float *dy)
{
    const int filter = col + task % (FILTERS / 4) * 4, line = task / VECTORS_W;
    return (struct row_task){ dy + line * r->w * r->pixel_step + filter,
                              task / (FILTERS / 4) % STEP,
                              1,
                              r->pixel_step,
                              filter < r->c && line < GRADIENT_SIDE ? 1 << (GRADIENT_LINES + line)
                                                                    : 0,
                              GRADIENT_COLUMNS };
}

#define FETCH_TILES(row_)                                                             \
    UNROLLED(k, ROUNDS(LINES_V + LINES_W)) {                                          \
        const struct both p = places[(row_) + tasks[k].tile - begin];                 \
        CLEAR_LINE(d[k])                                                              \
        load_line((p.inside & tasks[k].line) != 0 ? p.inside >> tasks[k].columns : 0, \
                  tasks[k].from, tasks[k].is_gradient ? p.gradient : p.source,        \
                  tasks[k].pixel_step, d[k]);                                         \
    }

/* The points of a line of the gradient's tiles. */
static inline void gradient_points(int side, const vec *d, vec *t)
{
    if (side == GRADIENT_SIDE)
        vector_taps4(d, t);
    else
        vector_taps2(d, t);
}
static inline void gradient_column(local vec *at, int side)
{
    vec d[GRADIENT_SIDE], t[SIDE];
    take_column(at, VECTORS_W, GRADIENT_SIDE, d);
    gradient_points(side, d, t);
    put_line(at, SIDE * VECTORS_W, t);
}

/* The places in the stage of a task's line and column, NOWHERE if there is none. */
enum { NOWHERE = BYTES(TERM_VECTORS) };
static inline int line_place(int task)
{
    const int other = task - LINES_V;
    return task < LINES_V    ? BYTES(V(task / VECTORS_V * SIDE, task % VECTORS_V))
           : other < LINES_W ? BYTES(W(other / VECTORS_W * SIDE, 0, other % VECTORS_W))
                             : NOWHERE;
}
static inline int column_place(int task)
{
    return task < LINES_V               ? BYTES(V(0, task))
           : task < LINES_V + COLUMNS_W ? BYTES(W(0, 0, task - LINES_V))
                                        : NOWHERE;
}

/* Transform a line of a step, and after that a column in the stage, at a place. (Without volatile,
 * compilers would make one of both kinds of stores, and their addresses at each.) */
static inline void put_row_line(local vec *stage, int at, int side, const vec *d)
{
    vec t[SIDE];
    if (at < BYTES(W(0, 0, 0))) {
        vector_source(d, t);
        put_line(AT(at), VECTORS_V, t);
    } else if (at < NOWHERE) {
        local volatile vec *to = AT(at);
        gradient_points(side, d, t);
        UNROLLED(j, SIDE)
            to[j * VECTORS_W] = t[j];
    }
}
static inline void put_row_column(local vec *stage, int at, int side)
{
    if (at < BYTES(W(0, 0, 0)))
        source_column(AT(at));
    else if (at < NOWHERE)
        gradient_column(AT(at), side);
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
    TERM_STAGE(ISO_BLOCK_ROWS + STEP) /* after the terms: the places of a block's tiles */
    OF_STAGE
    const struct opencl_bias of_bias = bias;
    const int across_all = (source.c + TILES - 1) / TILES;
    const int past = (int)get_group_id(0) - across_all;
    if (past >= 0) {
        const int line = (int)get_group_id(1) + (int)get_num_groups(1) * (int)get_group_id(2);
        add_bias(&of_bias, line * ((int)get_num_groups(0) - across_all) + past, sums, dy + dy_at,
                 y + y_at + (ulong)get_num_groups(2) * POINTS * source.c * gradient.c);
        return;
    }
    const struct opencl_tiles s = source, r = gradient;
    const int first = (int)get_group_id(0) * TILES, col = (int)get_group_id(1) * FILTERS;
    const struct iso_rows rows = { s.tiles, s.image_tiles };
    local struct both *places = AFTER_TERMS;
    const int start = iso_group_begin(rows, get_group_id(2)), stop = iso_group_end(rows, start);
    /* Places that stay the same though compilers cannot see it: PoCL's would make one branch of
     * those of lines and of columns, around the barriers. */
    const int none = s.add & item; /* 0 */
    int lines[ROUNDS(LINES_V + LINES_W)], columns[ROUNDS(LINES_V + COLUMNS_W)];
    UNROLLED(k, ROUNDS(LINES_V + LINES_W))
        lines[k] = line_place(item + k * ITEMS);
    UNROLLED(k, ROUNDS(LINES_V + COLUMNS_W))
        columns[k] = column_place(item + k * ITEMS);
    struct row_task tasks[ROUNDS(LINES_V + LINES_W)];
    vec d[ROUNDS(LINES_V + LINES_W)][SIDE];
    UNROLLED(k, ROUNDS(LINES_V + LINES_W)) {
        const int task = item + k * ITEMS;
        if (task < LINES_V)
            tasks[k] = source_task(&s, task, first, x + x_at);
        else
            tasks[k] = gradient_task(&r, task - LINES_V, col, dy + dy_at);
    }
    CLEAR_SUMS
    y += y_at + (ulong)get_group_id(2) * POINTS * s.c * r.c;
    for (int begin = start, end; begin < stop; begin = end) {
        end = iso_block_end(rows, begin);
        AS_LOOP for (int i = item; begin + i < end + STEP; i += ITEMS)
        {
            places[i] = both_of(&s, &r, begin + i, begin + i < end);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if (AHEAD)
            FETCH_TILES(begin)
        AS_LOOP for (int row = begin; row < end; row += STEP)
        {
            if (!AHEAD)
                FETCH_TILES(row)
            UNROLLED(k, ROUNDS(LINES_V + LINES_W))
                put_row_line(stage, lines[k], r.side, d[k]);
            barrier(CLK_LOCAL_MEM_FENCE);
            UNROLLED(k, ROUNDS(LINES_V + COLUMNS_W))
                put_row_column(stage, columns[k], r.side);
            barrier(CLK_LOCAL_MEM_FENCE);
            if (AHEAD && row + STEP < end)
                FETCH_TILES(row + STEP)
            MULTIPLY_ROWS
            UNROLLED(k, ROUNDS(LINES_V + LINES_W))
                lines[k] ^= none;
            UNROLLED(k, ROUNDS(LINES_V + COLUMNS_W))
                columns[k] ^= none;
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        AS_LOOP for (int part = 0; part < TILES / PART; part++)
        {
            STAGE_CHANNELS(part)
            barrier(CLK_LOCAL_MEM_FENCE);
            add_part(y, sums, begin > start, s.c, r.c, first + part * PART, col);
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        CLEAR_SUMS
    }
}
