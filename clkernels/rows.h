/* rows.h: sums over rows (core/arithmetic/order.h) of many columns at once.
 *
 * A work-group is OPENCL_GROUP_COLUMNS columns wide and ISO_GROUP_BLOCKS lanes deep:
 * get_global_id(0) is the column of a work-item, get_local_id(1) its lane. Each group of the sum
 * has ISO_GROUP_BLOCKS places for the sums of its blocks; what a place without a block holds, +0,
 * changes no sum.
 *
 * On a GPU a place is the work of a work-group: all its lanes load rows into local memory, side by
 * side, where one lane adds them in their order. On a CPU a work-item has a place for itself, and
 * local memory would be a copy more. */
#ifndef ISO_CLKERNELS_ROWS_H
#define ISO_CLKERNELS_ROWS_H
#include "arguments.h"

/* Floats of local memory for add_lanes, and for a stage of a number of rows; and rows loaded at a
 * time. */
#define LANES (ISO_GROUP_BLOCKS * OPENCL_GROUP_COLUMNS)
#define STAGE(rows) (SHAPE_CPU ? 1 : (rows)*OPENCL_GROUP_COLUMNS)
#define STAGED_ROWS (8 * ISO_GROUP_BLOCKS)

static inline int own_lane(void) { return get_local_id(1); }

/* Return the work-item's place, and true if this work-item adds the numbers of `lane` there. */
#if SHAPE_CPU
static inline int own_place(void) { return get_group_id(1) * ISO_GROUP_BLOCKS + own_lane(); }
static inline int adds(int lane) { return lane >= 0; }
#else
static inline int own_place(void) { return get_group_id(1); }
static inline int adds(int lane) { return own_lane() == lane; }
#endif

/* Returns the beginning of the block at a place, and its end in *end, which equals the beginning if
 * there is no block. */
static inline int block_at(struct iso_rows r, int place, int *end)
{
    const int before = place % ISO_GROUP_BLOCKS, rows = iso_block_rows(r);
    const int image = r.image > rows ? r.image : rows, blocks = (image + rows - 1) / rows;
    int at = iso_group_begin(r, place / ISO_GROUP_BLOCKS);
    const int stop = iso_group_end(r, at);
    at += before / blocks * image + before % blocks * rows;
    *end = at < stop ? iso_block_end(r, at) : at;
    return at;
}

/* The same of the work-item's place. */
static inline int own_block(struct iso_rows r, int *end) { return block_at(r, own_place(), end); }

/* Returns the work-item's column of x; the last column for work-items beyond it, so that every
 * work-item can load. */
static inline global const float *own_column(global const float *x, int cols)
{
    const int c = get_global_id(0);
    return x + (c < cols ? c : cols - 1);
}

/* Loads the work-item's column of rows of x, from `row` on, into the stage: `most` rows, a multiple
 * of STAGED_ROWS, but none from stop on. All work-items of a group must call it together, after all
 * of them have finished reading the stage. */
static inline void load_rows(local float *stage, int most, global const float *x, int cols, int row,
                             int stop)
{
#if !SHAPE_CPU
    stage += own_lane() * OPENCL_GROUP_COLUMNS + get_local_id(0);
    row += own_lane();
    for (int end = row + most; row < end && row - own_lane() < stop; row += STAGED_ROWS) {
        float next[STAGED_ROWS / ISO_GROUP_BLOCKS];
        UNROLLED(k, STAGED_ROWS / ISO_GROUP_BLOCKS) {
            const int at = row + k * ISO_GROUP_BLOCKS;
            next[k] = x[(at < stop ? at : stop - 1) * cols];
        }
        UNROLLED(k, STAGED_ROWS / ISO_GROUP_BLOCKS)
            stage[k * LANES] = next[k];
        stage += STAGED_ROWS * OPENCL_GROUP_COLUMNS;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#endif
}

/* stage_end returns the end of the stage that begins with row `first`; stage_read waits until the
 * whole group has read the stage, so that it can be loaded again. */
static inline int stage_end(int first, int stop)
{
    return SHAPE_CPU || stop - first < STAGED_ROWS ? stop : first + STAGED_ROWS;
}
static inline void stage_read(void)
{
#if !SHAPE_CPU
    barrier(CLK_LOCAL_MEM_FENCE);
#endif
}

/* Returns row number `row` of x, or of the stage, which begins with row `first`. */
static inline float loaded_row(local const float *stage, int first, global const float *x, int cols,
                               int row)
{
#if SHAPE_CPU
    return x[row * cols];
#else
    return stage[(row - first) * OPENCL_GROUP_COLUMNS + get_local_id(0)];
#endif
}

/* sum = the sum of dy by `factor` over the rows of the work-item's place, which only the lane that
 * adds has; own: the row's x, in `factor`, which may name `row`, too. */
#define ROW_PRODUCTS(sum, x_, dy_, factor)                                               \
    local float stage_x_[STAGE(STAGED_ROWS)], stage_d_[STAGE(STAGED_ROWS)];              \
    global const float *own_x_ = own_column(x_, cols), *own_d_ = own_column(dy_, cols);  \
    int end_, first_ = own_block(r, &end_);                                              \
    float sum = start_of_sum();                                                          \
    for (int stop_; first_ < end_; first_ = stop_) {                                     \
        stop_ = stage_end(first_, end_);                                                 \
        load_rows(stage_x_, STAGED_ROWS, own_x_, cols, first_, stop_);                   \
        load_rows(stage_d_, STAGED_ROWS, own_d_, cols, first_, stop_);                   \
        for (int row = first_; adds(0) && row < stop_; row++) {                          \
            const float own = loaded_row(stage_x_, first_, own_x_, cols, row);           \
            sum = iso_fma(loaded_row(stage_d_, first_, own_d_, cols, row), factor, sum); \
        }                                                                                \
        stage_read();                                                                    \
    }                                                                                    \
    sum = end_of_sum(sum);

/* total + the values of this column's lanes, ascending; each gets it. */
static inline float add_lanes(local float *s, float value, float total)
{
    s += get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    s[own_lane() * OPENCL_GROUP_COLUMNS] = end_of_sum(value);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int lane = 0; lane < ISO_GROUP_BLOCKS; lane++)
        total = add_term(total, s[lane * OPENCL_GROUP_COLUMNS]);
    return end_of_sum(total);
}

/* The sum of a group's places, `apart` floats from each other. */
static inline float add_places(global const float *place, int apart)
{
    float own[ISO_GROUP_BLOCKS], sum = start_of_sum();
    UNROLLED(b, ISO_GROUP_BLOCKS)
        own[b] = place[b * apart];
    UNROLLED(b, ISO_GROUP_BLOCKS)
        sum = add_term(sum, own[b]);
    return end_of_sum(sum);
}

/* The sum over all places of `groups` groups, by the lanes of a column, which take a group each at
 * a time; each gets it. there: the column is one of theirs. */
static inline float add_groups(local float *s, global const float *places, int apart, int there,
                               int groups)
{
    float total = start_of_sum();
    for (int g = own_lane(); g - own_lane() < groups; g += ISO_GROUP_BLOCKS) {
        const int mine = there && g < groups;
        global const float *group = places + (ulong)g * ISO_GROUP_BLOCKS * apart;
        total = add_lanes(s, mine ? add_places(group, apart) : 0.0f, total);
    }
    return total;
}

#endif
