/* bias_sums.h: the gradient of a bias, which is a sum over rows (rows.h), by work-groups that the
 * kernels of its layer have besides their own: first one for each place and OPENCL_GROUP_COLUMNS
 * columns, then one for these columns of all places.
 *
 * Such a work-group has `lanes` rows of work-items; `own` is a work-item's column among the
 * group's, `col` that of the matrix. Work-items of other lanes wait with the others. */
#ifndef ISO_CLKERNELS_BIAS_SUMS_H
#define ISO_CLKERNELS_BIAS_SUMS_H
#include "rows.h"

enum { BIAS_COLUMNS = OPENCL_GROUP_COLUMNS };

/* places[place][col] = the sum of dy over the rows of a place. stage: local memory for `most` rows,
 * in which they are put side by side. */
static inline void add_bias_place(const struct opencl_bias *b, int place, int own, int col,
                                  int lane, int lanes, local float *stage, int most,
                                  global const float *dy, global float *places)
{
    const struct iso_rows r = { b->rows, b->image };
    int end, row = block_at(r, place, &end);
    float sum = start_of_sum();
    dy += least(col, b->cols - 1);
    for (; row < end; row += most) {
        const int stop = least(end, row + most);
        for (int at = row + lane; lane < lanes && at < stop; at += lanes)
            stage[(at - row) * BIAS_COLUMNS + own] = dy[at * b->cols];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int at = row; lane == 0 && at < stop; at++)
            sum = add_term(sum, stage[(at - row) * BIAS_COLUMNS + own]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (lane == 0 && col < b->cols)
        places[(ulong)place * b->cols + col] = end_of_sum(sum);
}

/* y[col] = the sum over all places, or added to it. stage: local memory for `lanes` rows. */
static inline void add_bias_total(int groups, int cols, int own, int col, int lane, int lanes,
                                  local float *stage, global const float *places, global float *y,
                                  bool add)
{
    float total = start_of_sum();
    for (int first = 0; first < groups; first += lanes) {
        const bool mine = col < cols && first + lane < groups;
        const ulong place = (ulong)(first + lane) * ISO_GROUP_BLOCKS;
        stage[lane * BIAS_COLUMNS + own] = mine ? add_places(places + place * cols + col, cols)
                                                : 0.0f;
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int i = 0; i < lanes; i++)
            total = add_term(total, stage[i * BIAS_COLUMNS + own]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    total = end_of_sum(total);
    if (lane == 0 && col < cols)
        y[col] = add ? y[col] + total : total;
}

#endif
