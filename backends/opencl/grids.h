/* grids.h: work-groups in two and three dimensions, and reciprocals with which kernels avoid
 * divisions. */
#ifndef ISO_OPENCL_GRIDS_H
#define ISO_OPENCL_GRIDS_H
#include "opencl.h"

/* Returns a grid for the lanes of rows (clkernels/common.h). */
struct opencl_grid opencl_row_grid(const struct opencl *, size_t rows);
/* Return grids for sums over rows (clkernels/rows.h) of `cols` columns: one for the blocks of
 * `groups` groups of rows, and one, with all lanes together, for `shares` shares of the rows. */
struct opencl_grid opencl_block_grid(const struct opencl *, size_t cols, size_t groups);
struct opencl_grid opencl_column_grid(const struct opencl *, size_t cols, size_t shares);
/* Returns a grid with a work-item for each element of a matrix: columns along the first axis, rows
 * along the second. */
struct opencl_grid opencl_matrix_grid(const struct opencl *, size_t cols, size_t rows);
/* Returns a grid with a work-item for item_channels channels, along the first axis, of each pixel,
 * along the second, of each image, along the third. */
struct opencl_grid opencl_pixel_grid(const struct opencl *, size_t channels, size_t pixels,
                                     size_t images);
/* Returns the reciprocal for quotient() in clkernels/common.h, for numbers up to `most`. */
uint32_t opencl_reciprocal(int64_t by, int64_t most);
#endif
