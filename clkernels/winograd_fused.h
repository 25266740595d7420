/* winograd_fused.h: Winograd's convolution (core/arithmetic/winograd.h) in one kernel: what lies
 * between the pixels and the results, 36 / 4 or 36 / 16 of their number each way, stays in local
 * memory. winograd_fused_images.h and winograd_fused_rows.h have the kernels.
 *
 * A work-group takes TILES tiles, or channels, and FILTERS filters, at all points: each work-item
 * has 8 x ITEM_FILTERS sums of one point. It goes through the terms, which are channels or tiles,
 * STEP at a time. A work-item loads and transforms a line, and after that a column, of four
 * channels or filters side by side: so an address and a place in local memory serve four numbers.
 */
#include "common.h"
#include "bias_sums.h"
#include "winograd_tiles.h"

#define TILES 16
#define STEP 4
#ifndef ITEM_FILTERS
#define ITEM_FILTERS 8
#endif
#ifndef SUB_GROUPS
#define SUB_GROUPS 0 /* 1: for Intel's GPUs */
#endif
/* 1: lines are loaded while the terms before them are multiplied. Intel's GPUs have no
 * registers for that, and other threads to run instead. */
#define AHEAD (!SUB_GROUPS)
/* Work-items of a point, and of all 36. */
#define ITEMS_ACROSS (FILTERS / ITEM_FILTERS)
#define ITEMS_OF_POINT (2 * ITEMS_ACROSS)
#define ITEMS (ITEMS_OF_POINT * 36)
/* Lines of the results' part that is transformed at a time. */
#define PART 4
#define PAIRS (PART * FILTERS)
/* Vectors of a point in a step; lines of tiles in a step, and columns of the other operand. */
#define VECTORS_V (STEP * TILES / 4)
#define VECTORS_W (STEP * FILTERS / 4)
#define LINES_V (VECTORS_V * SIDE)
#define COLUMNS_W (VECTORS_W * SIDE)
/* Tasks that each work-item has of so many. */
#define ROUNDS(tasks) (((tasks) + ITEMS - 1) / ITEMS)

/* The transforms of four channels or filters. */
typedef float4 vec;
#define ISO_T vec
#define ISO_W(name) vector_##name
#define ISO_W_FN static inline
#define ISO_W_ADD(a, b) ((a) + (b))
#define ISO_W_SUB(a, b) ((a) - (b))
#define ISO_W_MUL(c, a) ((vec)(c) * (a))
#define ISO_W_FMA(c, a, b) fma((vec)(c), a, b)
#define ISO_W_UNROLL _Pragma("unroll")
#include "core/arithmetic/winograd_transforms.h"

/* The stage has the terms, those of the left operand first, or the sums of a part. */
#define V(point, i) ((point)*VECTORS_V + (i))
#define W(point, term, i) (POINTS * VECTORS_V + (point)*VECTORS_W + (term) * (FILTERS / 4) + (i))
/* A place in the stage, in bytes. */
#define BYTES(index) ((index) * (int)sizeof(vec))
#define AT(bytes) ((local vec *)((local char *)stage + (bytes)))
/* places: vectors after the terms. */
#define TERM_VECTORS (POINTS * (VECTORS_V + VECTORS_W))
#define TERM_STAGE(places) local vec stage[TERM_VECTORS + (places)];
#define AFTER_TERMS (local void *)(stage + TERM_VECTORS)
#define OF_STAGE                                                     \
    local float *sums = (local float *)stage;                        \
    const int item = get_local_id(0), point = item / ITEMS_OF_POINT; \
    OWN_SUMS

/* A loop that compilers shall not unroll, because all sums are alive in it. */
#define AS_LOOP _Pragma("unroll 1")

#define CLEAR_SUMS            \
    UNROLLED(i, SUMS_OF_ITEM) \
        sum[i] = start_of_sum();

#if SUB_GROUPS
/* A point is a sub-group's: a multiply-add takes a single lane of a register as an operand for
 * nothing. sum[4 i + j]: tile or channel i, filter 4 lane + j. (Intel's compiler unrolls no loop
 * around all of them.) */
#pragma OPENCL EXTENSION cl_intel_subgroups : enable
#define FUSED_KERNEL                                     \
    kernel __attribute__((intel_reqd_sub_group_size(8))) \
    __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
#define SUMS_OF_ITEM (4 * TILES)
#define OWN_SUMS                            \
    const int lane = item % ITEMS_OF_POINT; \
    float sum[SUMS_OF_ITEM];
#define PRODUCTS(own, first)                                                    \
    UNROLLED(i, 8) {                                                            \
        const float one = intel_sub_group_shuffle(own, i);                      \
        sum[(first) + 4 * i] = iso_fma(one, b.x, sum[(first) + 4 * i]);         \
        sum[(first) + 4 * i + 1] = iso_fma(one, b.y, sum[(first) + 4 * i + 1]); \
        sum[(first) + 4 * i + 2] = iso_fma(one, b.z, sum[(first) + 4 * i + 2]); \
        sum[(first) + 4 * i + 3] = iso_fma(one, b.w, sum[(first) + 4 * i + 3]); \
    }
#define STAGE_PART(part, number)                                                  \
    if ((part) == (number))                                                       \
        UNROLLED(i, PART)                                                         \
            *(local vec *)(sums + (point * PART + i) * FILTERS + 4 * lane) =      \
                (vec)(sum[16 * (number) + 4 * i], sum[16 * (number) + 4 * i + 1], \
                      sum[16 * (number) + 4 * i + 2], sum[16 * (number) + 4 * i + 3]);
#define STAGE_SUMS(part) \
    STAGE_PART(part, 0) STAGE_PART(part, 1) STAGE_PART(part, 2) STAGE_PART(part, 3)
#define SAME_PLACES(none)
#define STAGE_TILES STAGE_SUMS
#define STAGE_CHANNELS STAGE_SUMS
#else
/* sum[ITEM_FILTERS i + j]: of tile 2 i + half, or of channel 4 (2 (i / 4) + half) + i % 4, and of
 * filter 4 (j / 4 ITEMS_ACROSS + across) + j % 4: so adjacent work-items read adjacent numbers. */
#define FUSED_KERNEL kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
#define SUMS_OF_ITEM (8 * ITEM_FILTERS)
#define OWN_SUMS                                                              \
    const int half_ = item % 2, across = item / 2 % ITEMS_ACROSS;             \
    int from_v = BYTES(V(point, half_)), from_w = BYTES(W(point, 0, across)); \
    float sum[SUMS_OF_ITEM];
/* Compilers cannot see that the places stay the same: they would make them anew in each step, from
 * the work-item's number. none: 0. */
#define SAME_PLACES(none) from_v ^= none, from_w ^= none;
/* Puts row i of the sums to the stage, as line `line` of a part, when no terms are there. */
#define STAGE_ROW(i, line)                                                              \
    UNROLLED(j, ITEM_FILTERS / 4)                                                       \
        *(local vec *)(sums + (point * PART + (line)) * FILTERS +                       \
                       4 * (j * ITEMS_ACROSS + across)) =                               \
            (vec)(sum[ITEM_FILTERS * (i) + 4 * j], sum[ITEM_FILTERS * (i) + 4 * j + 1], \
                  sum[ITEM_FILTERS * (i) + 4 * j + 2], sum[ITEM_FILTERS * (i) + 4 * j + 3]);
#define STAGE_TILES(part)    \
    UNROLLED(i, 8)           \
        if ((part) == i / 2) \
    STAGE_ROW(i, 2 * (i % 2) + half_)
#define STAGE_CHANNELS(part)               \
    UNROLLED(i, 8)                         \
        if ((part) == 2 * (i / 4) + half_) \
    STAGE_ROW(i, i % 4)
#define TAKE(to, i, from)                                   \
    {                                                       \
        const vec four = from;                              \
        to[4 * (i)] = four.x, to[4 * (i) + 1] = four.y;     \
        to[4 * (i) + 2] = four.z, to[4 * (i) + 3] = four.w; \
    }
#define TAKE_FILTERS(k)           \
    UNROLLED(j, ITEM_FILTERS / 4) \
    TAKE(b, j, AT(from_w)[(k) * (FILTERS / 4) + j * ITEMS_ACROSS])
#define PRODUCTS                  \
    UNROLLED(i, 8)                \
        UNROLLED(j, ITEM_FILTERS) \
            sum[ITEM_FILTERS * i + j] = iso_fma(a[i], b[j], sum[ITEM_FILTERS * i + j]);
#endif

/* A line of a tile: the place of its first pixel, and a bit for each pixel inside the image. */
struct line {
    int at, inside;
};

/* Returns the place of a tile: its image, and its row and column there, 16 bits each. */
static inline int2 place_of(const struct opencl_tiles *g, int tile)
{
    const int number = g->first + tile, image = quotient(number, g->image_tiles, g->per_image);
    const int inner = number - image * g->image_tiles;
    const int row = quotient(inner, g->tiles_x, g->per_row);
    return (int2)(image, row << 16 | (inner - row * g->tiles_x));
}

#define CLEAR_LINE(d) \
    UNROLLED(j, SIDE) \
        d[j] = (vec)(0.0f);
/* Loads those pixels of a line that are inside the image; the others stay as they are. x[at]: the
 * line's first pixel, of the first of four channels. */
static inline void load_line(int inside, global const float *x, int at, int pixel_step, vec *d)
{
    UNROLLED(j, SIDE) {
        if ((inside >> j & 1) != 0)
            d[j] = *(global const vec *)(x + at);
        at += pixel_step;
    }
}

/* Put a line of points in the stage that are `apart` vectors from each other, or transform a
 * column there in place. */
static inline void put_line(local vec *at, int apart, const vec *t)
{
    UNROLLED(j, SIDE)
        at[j * apart] = t[j];
}
static inline void take_column(local const vec *at, int apart, int count, vec *d)
{
    UNROLLED(i, count)
        d[i] = at[i * SIDE * apart];
}
static inline void source_column(local vec *at)
{
    vec d[SIDE], t[SIDE];
    take_column(at, VECTORS_V, SIDE, d);
    vector_source(d, t);
    put_line(at, SIDE * VECTORS_V, t);
}

#ifndef ONLY_ROWS
#include "winograd_fused_images.h"
#endif
#include "winograd_fused_rows.h"
