/* grids.h: work-groups in two and three dimensions, and what spares kernels a division. */
#ifndef ISO_OPENCL_GRIDS_H
#define ISO_OPENCL_GRIDS_H
#include "opencl.h"

/* For the lanes of rows (clkernels/common.h). */
struct opencl_grid opencl_row_grid(const struct opencl *, size_t rows);
/* For sums over rows (clkernels/rows.h), `cols` columns wide: for the blocks of so many groups of
 * rows; and, all lanes together, for so many shares of the rows. */
struct opencl_grid opencl_block_grid(const struct opencl *, size_t cols, size_t groups);
struct opencl_grid opencl_column_grid(const struct opencl *, size_t cols, size_t shares);
/* A work-item for each element of a matrix: its column along the first axis, its row along the
 * second. */
struct opencl_grid opencl_matrix_grid(const struct opencl *, size_t cols, size_t rows);
/* A work-item for item_channels channels, along the first axis, of each pixel of an image, along
 * the second, of each image. */
struct opencl_grid opencl_pixel_grid(const struct opencl *, size_t channels, size_t pixels,
                                     size_t images);
/* For quotient() in clkernels/common.h: of numbers up to `most`. */
uint32_t opencl_reciprocal(int64_t by, int64_t most);
#endif
