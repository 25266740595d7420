/* sums.h: sums over rows on the device, in the order of their definition. */
#ifndef ISO_OPENCL_SUMS_H
#define ISO_OPENCL_SUMS_H
#include "core/formulas.h"
#include "opencl.h"

/* Blocks that `rows` rows make when images have group_rows rows each (1: blocks go over the
 * batch). */
size_t opencl_blocks(size_t rows, size_t group_rows);
/* Floats of workspace that opencl_sum_rows needs. */
size_t opencl_sum_rows_work(size_t rows, size_t cols, size_t group_rows);
/* y[c] = sum over rows of x[rows, cols], or added to y. work: float workspace at an offset in
 * floats. */
iso_rc opencl_sum_rows(struct opencl *, const struct iso_tensor *x, size_t rows, size_t cols,
                       size_t group_rows, const struct iso_mem *work, size_t work_at,
                       const struct iso_tensor *y, bool add);
/* The end of such a sum: y[c] = the sums in work [blocks, cols], added in ascending order, or added
 * to y. */
iso_rc opencl_add_blocks(struct opencl *, const struct iso_mem *work, size_t work_at, size_t blocks,
                         size_t cols, const struct iso_tensor *y, bool add);
/* The block sums of a whole tensor of n elements, of |x| or x x (enum iso_sum_of), into work. */
iso_rc opencl_sum_blocks(struct opencl *, enum iso_sum_of, const struct iso_tensor *x, size_t n,
                         const struct iso_mem *work, size_t work_at);
/* y[0] = sum of the row values in work, or their mean. */
iso_rc opencl_sum_scalar(struct opencl *, const struct iso_mem *work, size_t work_at, size_t rows,
                         const struct iso_tensor *y, bool mean);
#endif
