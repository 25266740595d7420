/* chains_gpu_intel.cl: the sums of products of chains_gpu.h for Intel's GPUs, without tiles in
 * local memory and without barriers among sub-groups: a sub-group of 8 has a tile of 16 x 32
 * results in registers, and a multiply-add takes a single lane of a register as an operand for
 * nothing. So many results leave no registers for sums of blocks, which wait in local memory, each
 * work-item's apart. The columns are a multiple of 32, and a turned b was packed. */
#include "chains_places.h"

#ifdef cl_intel_subgroups /* elsewhere the program has no kernels */
#pragma OPENCL EXTENSION cl_intel_subgroups : enable

#ifndef SUBS
#define SUBS 8 /* sub-groups of a work-group, one below the other */
#endif
#ifndef TAPS_ROWS
#define TAPS_ROWS 16
#endif
enum { SUB_COLS = 32, COL_VECTORS = 4, ROW_VECTORS = 2 };

#define SUB_GROUP_KERNEL                                 \
    kernel __attribute__((intel_reqd_sub_group_size(8))) \
    __attribute__((reqd_work_group_size(8, SUBS, 1))) void
/* A number that all work-items of a sub-group have. */
#define LANE(vector, lane) intel_sub_group_shuffle(vector, lane)

/* Terms 0 to 7, or the first of them. (Intel's compiler unrolls no loop as large as that.) */
#define EIGHT(TERM) TERM(0) TERM(1) TERM(2) TERM(3) TERM(4) TERM(5) TERM(6) TERM(7)
#define IF_SO_MANY(TERM, s, count) \
    if ((s) < (count))             \
    TERM(s)
#define FEWER(TERM, count)     \
    IF_SO_MANY(TERM, 0, count) \
    IF_SO_MANY(TERM, 1, count) \
    IF_SO_MANY(TERM, 2, count) \
    IF_SO_MANY(TERM, 3, count) \
    IF_SO_MANY(TERM, 4, count) \
    IF_SO_MANY(TERM, 5, count) \
    IF_SO_MANY(TERM, 6, count)

static inline float4 columns_at(global const float *b, uint at)
{
    return as_float4(intel_sub_group_block_read4((global const uint *)(b + at)));
}

static inline float pixel_at(global const float *a, uint a_at, int place, int bits, float outside)
{
    float pixel = a[a_at + (uint)(bits == 0 ? place : 0)];
    return bits == 0 ? pixel : outside;
}

/* Adds the sums of a block to those in local memory. */
#define END_BLOCK                                 \
    UNROLLED(i, SUMS) {                           \
        waiting[i * 8] = waiting[i * 8] + sum[i]; \
    }

#define SUB_GROUP(SUB_ROWS)                                                         \
    enum { SUMS = SUB_ROWS * SUB_COLS / 8 }; /* per work-item */                    \
    const struct opencl_chains g = all;                                             \
    local float waiting_all[SUBS * SUMS * 8];                                       \
    local int2 places[MOST_TERMS];                                                  \
    const int lane = get_local_id(0), sub = get_local_id(1), item = sub * 8 + lane; \
    local float *waiting = waiting_all + sub * SUMS * 8 + lane;                     \
    const int first = ((int)get_group_id(0) * SUBS + sub) * SUB_ROWS;               \
    const int col = (int)get_group_id(1) * SUB_COLS;                                \
    const int deep = get_group_id(2), depth = g.taps_y * g.taps_x * g.segment;      \
    float sum[SUMS];                                                                \
    UNROLLED(i, SUMS) {                                                             \
        waiting[i * 8] = start_of_sum();                                            \
    }

/* A term of all chains: one lane of x times a row of b. sum[4 r + v]: row r, columns 8 v + lane. */
#define TERM_OF_TAPS(s)                                           \
    {                                                             \
        const float4 w = columns_at(b, from + (uint)((s)*g.ldb)); \
        UNROLLED(r, TAPS_ROWS) {                                  \
            const float one = LANE(x[r], s);                      \
            sum[4 * r] = iso_fma(one, w.x, sum[4 * r]);           \
            sum[4 * r + 1] = iso_fma(one, w.y, sum[4 * r + 1]);   \
            sum[4 * r + 2] = iso_fma(one, w.z, sum[4 * r + 2]);   \
            sum[4 * r + 3] = iso_fma(one, w.w, sum[4 * r + 3]);   \
        }                                                         \
    }

SUB_GROUP_KERNEL chains_over_taps(ARGUMENTS)
{
    SUB_GROUP(TAPS_ROWS)
    int begin = g.split ? deep * g.block : 0;
    const int end = g.split ? least(depth, begin + g.block) : depth;
    const uint from_a = (uint)(a_at + deep * (ulong)g.a_next);
    const uint from_b = (uint)(b_at + deep * (ulong)g.b_next) + (uint)col;
    int2 own[ROW_VECTORS];
    UNROLLED(i, ROW_VECTORS)
        own[i] = place_of_row(&g, least(first + i * 8 + lane, g.rows - 1));
    for (; begin < end; begin += g.block) {
        const int count = least(end - begin, g.block);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int t = item; t < count; t += 8 * SUBS)
            places[t] = place_of_term(&g, begin + t);
        barrier(CLK_LOCAL_MEM_FENCE);
        uint from = from_b + (uint)(begin * g.ldb);
        UNROLLED(i, SUMS)
            sum[i] = start_of_sum();
        for (int k = 0; k < count; k += 8, from += (uint)(8 * g.ldb)) {
            const int2 term = places[least(k + lane, count - 1)];
            float x[TAPS_ROWS];
            UNROLLED(r, TAPS_ROWS)
                x[r] = pixel_at(a, from_a, LANE(own[r / 8].x, r % 8) + term.x,
                                LANE(own[r / 8].y, r % 8) & term.y, 0.0f);
            if (k + 8 <= count) {
                EIGHT(TERM_OF_TAPS)
            } else {
                FEWER(TERM_OF_TAPS, count - k)
            }
        }
        END_BLOCK
    }
    y += y_at + deep * (ulong)g.y_next + col + lane;
    bias += bias_at + col + lane;
    for (int r = 0; r < TAPS_ROWS && first + r < g.rows; r++) {
        const ulong place = y_of(&g, first + r);
        global float *to = y + place;
        UNROLLED(v, COL_VECTORS) {
            float result = waiting[(4 * r + v) * 8];
            result = g.has_bias ? result + bias[8 * v] : result;
            to[8 * v] = g.add ? to[8 * v] + result : result;
            if (g.activation != 0)
                activate(&g, bias + place + 8 * v, to + 8 * v);
        }
    }
}

/* The products' shape says chains_over_taps instead. */
kernel void chains_over_turned(ARGUMENTS) {}

/* A term of all chains: x, whose lanes are rows of the result, times one lane of b. sum[2 c + v]:
 * column c, row 8 v + lane. */
#define TERM_OF_ROWS(s)                                                                 \
    {                                                                                   \
        const float4 w = columns_at(b, from + (uint)((s)*g.ldb));                       \
        const int place = LANE(row_place.x, s), bits = LANE(row_place.y, s);            \
        const float x0 =                                                                \
            pixel_at(a, from_a, place + own[0].x, bits & own[0].y, outside_of(own[0])); \
        const float x1 =                                                                \
            pixel_at(a, from_a, place + own[1].x, bits & own[1].y, outside_of(own[1])); \
        UNROLLED(c, 8) {                                                                \
            COLUMN(c, LANE(w.x, c))                                                     \
            COLUMN(c + 8, LANE(w.y, c))                                                 \
            COLUMN(c + 16, LANE(w.z, c))                                                \
            COLUMN(c + 24, LANE(w.w, c))                                                \
        }                                                                               \
    }
#define COLUMN(c, one)                             \
    sum[2 * (c)] = iso_fma(x0, one, sum[2 * (c)]); \
    sum[2 * (c) + 1] = iso_fma(x1, one, sum[2 * (c) + 1]);

SUB_GROUP_KERNEL chains_over_rows(ARGUMENTS)
{
    SUB_GROUP(16)
    const struct iso_rows rows = { g.rows, g.image };
    const int part = deep % g.deep, product = deep / g.deep;
    const int products = (int)get_num_groups(2) / g.deep;
    int number = g.first_group + part * g.each;
    const int stop = least(number + g.each, g.end_group);
    const uint from_a = (uint)(a_at + product * (ulong)g.a_next);
    const uint from_b = (uint)(b_at + product * (ulong)g.b_next) + (uint)col;
    int2 own[ROW_VECTORS];
    bool add = g.add;
    UNROLLED(i, ROW_VECTORS)
        own[i] = place_of_result(&g, depth, first + i * 8 + lane, 1);
    y += y_at + ((ulong)part * products + product) * (depth + g.ones) * g.cols + col;
    for (; number < stop; number++) {
        int row = iso_group_begin(rows, number), last = iso_group_end(rows, row);
        while (row < last) {
            const int count = iso_block_end(rows, row) - row, own_row = row - g.first_row;
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int t = item; t < count; t += 8 * SUBS)
                places[t] = place_of_row(&g, own_row + t);
            barrier(CLK_LOCAL_MEM_FENCE);
            uint from = from_b + (uint)(own_row * g.ldb);
            UNROLLED(i, SUMS)
                sum[i] = start_of_sum();
            for (int k = 0; k < count; k += 8, from += (uint)(8 * g.ldb)) {
                const int2 row_place = places[least(k + lane, count - 1)];
                if (k + 8 <= count) {
                    EIGHT(TERM_OF_ROWS)
                } else {
                    FEWER(TERM_OF_ROWS, count - k)
                }
            }
            END_BLOCK
            row += count;
        }
        for (int c = 0; c < SUB_COLS; c++) {
            UNROLLED(v, ROW_VECTORS) {
                const int to = first + 8 * v + lane;
                if (to < depth + g.ones) {
                    const float group = waiting[(2 * c + v) * 8];
                    const ulong at = (ulong)to * g.cols + c;
                    y[at] = add ? y[at] + group : group;
                }
                waiting[(2 * c + v) * 8] = start_of_sum();
            }
        }
        add = true;
    }
}

#endif
