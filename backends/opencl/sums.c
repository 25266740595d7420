/* sums.c: sums over rows on the device. */
#include "sums.h"
#include "clkernels/arguments.h"

static size_t rows_together(size_t rows, size_t group_rows)
{
    return group_rows > 1 ? group_rows : rows;
}

size_t opencl_blocks(size_t rows, size_t group_rows)
{
    size_t group = rows_together(rows, group_rows);
    return rows / group * opencl_ceil(group, ISO_BLOCK_ROWS);
}

size_t opencl_sum_rows_work(size_t rows, size_t cols, size_t group_rows)
{
    return opencl_blocks(rows, group_rows) * cols;
}

iso_rc opencl_sum_rows(struct opencl *cl, const struct iso_tensor *x, size_t rows, size_t cols,
                       size_t group_rows, const struct iso_mem *work, size_t work_at,
                       const struct iso_tensor *y, bool add)
{
    size_t group = rows_together(rows, group_rows), blocks = opencl_blocks(rows, group_rows);
    ISO_TRY(opencl_launch(cl, "sums.cl", "sums_blocks", opencl_elements(cl, blocks * cols),
                          ARGS(arg_tensor(x), arg_mem(work, work_at), arg_int((int64_t)cols),
                               arg_int((int64_t)group), arg_int((int64_t)blocks))));
    return opencl_add_blocks(cl, work, work_at, blocks, cols, y, add);
}

iso_rc opencl_add_blocks(struct opencl *cl, const struct iso_mem *work, size_t work_at,
                         size_t blocks, size_t cols, const struct iso_tensor *y, bool add)
{
    return opencl_launch(cl, "sums.cl", "sums_total", opencl_elements(cl, cols),
                         ARGS(arg_mem(work, work_at), arg_tensor(y), arg_tensor(y),
                              arg_int((int64_t)cols), arg_int((int64_t)blocks), arg_int(1),
                              arg_int(1), arg_int(add)));
}

iso_rc opencl_sum_blocks(struct opencl *cl, enum iso_sum_of of, const struct iso_tensor *x,
                         size_t n, const struct iso_mem *work, size_t work_at)
{
    return opencl_launch(cl, "sums.cl", "sums_elements",
                         opencl_rows(opencl_ceil(n, ISO_BLOCK_ELEMENTS)),
                         ARGS(arg_tensor(x), arg_mem(work, work_at), arg_uint(n), arg_int(of)));
}

iso_rc opencl_sum_scalar(struct opencl *cl, const struct iso_mem *work, size_t work_at, size_t rows,
                         const struct iso_tensor *y, bool mean)
{
    struct opencl_grid grid = { { 1, 1, 1 }, { OPENCL_SCALAR_ITEMS, 1, 1 } };
    return opencl_launch(
        cl, "sums.cl", "sums_scalar", grid,
        ARGS(arg_mem(work, work_at), arg_tensor(y), arg_int((int64_t)rows), arg_int(mean)));
}
