/* rows.h: sums over rows (core/order.h) of many columns at once.
 *
 * A work-group takes a group of the sum: get_global_id(0) is the column of a work-item,
 * get_group_id(1) the number of the group, and get_local_id(1) that of its block in the group, of
 * ISO_GROUP_BLOCKS. Every work-item goes through add_lanes, those past the last column too. */
#ifndef ISO_CLKERNELS_ROWS_H
#define ISO_CLKERNELS_ROWS_H
#include "arguments.h"

/* Floats of local memory that add_lanes takes. */
#define LANES (ISO_GROUP_BLOCKS * OPENCL_GROUP_COLUMNS)

/* total + the values of this column's ISO_GROUP_BLOCKS work-items, ascending; each gets it. A value
 * that is not there is +0, which changes no sum. */
static inline float add_lanes(local float *s, float value, float total)
{
    s += get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    s[get_local_id(1) * OPENCL_GROUP_COLUMNS] = end_of_sum(value);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int lane = 0; lane < ISO_GROUP_BLOCKS; lane++)
        total = add_term(total, s[lane * OPENCL_GROUP_COLUMNS]);
    return end_of_sum(total);
}

/* Where the work-item's block begins, and where it ends: at its beginning, where the group has
 * fewer blocks. */
static inline int own_block(struct iso_rows r, int *end)
{
    int at = iso_group_begin(r, get_group_id(1)), stop = iso_group_end(r, at);
    for (int before = get_local_id(1); before > 0 && at < stop; before--)
        at = iso_block_end(r, at);
    *end = at < stop ? iso_block_end(r, at) : at;
    return at;
}

#endif
