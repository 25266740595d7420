/* grids.c: work-groups in two and three dimensions, and reciprocals. */
#include "grids.h"
#include "clkernels/arguments.h"

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* The least power of two that is n or more. */
static size_t larger_power(size_t n)
{
    size_t power = 1;
    while (power < n)
        power *= 2;
    return power;
}

struct opencl_grid opencl_column_grid(const struct opencl *cl, size_t cols, size_t shares)
{
    const size_t most = cl->max_group / ISO_GROUP_BLOCKS;
    const size_t columns = most < OPENCL_GROUP_COLUMNS ? most : OPENCL_GROUP_COLUMNS;
    return (struct opencl_grid){ .groups = { opencl_ceil(cols, columns), shares, 1 },
                                 .group = { columns, ISO_GROUP_BLOCKS, 1 } };
}

struct opencl_grid opencl_block_grid(const struct opencl *cl, size_t cols, size_t groups)
{
    const bool cpu = cl->shape == OPENCL_SHAPE_CPU;
    return opencl_column_grid(cl, cols, cpu ? groups : groups * ISO_GROUP_BLOCKS);
}

struct opencl_grid opencl_matrix_grid(const struct opencl *cl, size_t cols, size_t rows)
{
    const size_t width = smaller(larger_power(cols), cl->max_group);
    const size_t height = smaller(larger_power(rows), cl->max_group / width);
    return (struct opencl_grid){ { opencl_ceil(cols, width), opencl_ceil(rows, height), 1 },
                                 { width, height, 1 },
                                 false };
}

struct opencl_grid opencl_pixel_grid(const struct opencl *cl, size_t channels, size_t pixels,
                                     size_t images)
{
    const size_t items = opencl_ceil(channels, cl->item_channels);
    struct opencl_grid grid = opencl_matrix_grid(cl, items, pixels);
    grid.groups[2] = images;
    return grid;
}

/* The error of the reciprocal, below by / 2^32, times `most` must stay below 1 / by. */
uint32_t opencl_reciprocal(int64_t by, int64_t most)
{
    const uint64_t one = (uint64_t)1 << 32;
    if (by < 2 || most >= (int64_t)(one / (uint64_t)by))
        return 0;
    return (uint32_t)((one + (uint64_t)by - 1) / (uint64_t)by);
}

struct opencl_grid opencl_row_grid(const struct opencl *cl, size_t rows)
{
    const size_t together = cl->shape == OPENCL_SHAPE_CPU ? 1 : OPENCL_GROUP_ROWS;
    return (struct opencl_grid){ { opencl_ceil(rows, together), 1, 1 },
                                 { ISO_LANES, together, 1 },
                                 true };
}
