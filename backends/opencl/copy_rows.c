/* copy_rows.c: queues copies of rows. */
#include "copy_rows.h"

/* Work-items along the first axis take the elements of a row, the second axis the rows, the third
 * the images. */
iso_rc opencl_copy_rows(struct opencl *cl, const struct opencl_rows *rows, int64_t images,
                        const struct iso_tensor *from, int64_t from_at, const struct iso_tensor *to,
                        int64_t to_at)
{
    struct opencl_grid grid = opencl_matrix_grid(cl, (size_t)rows->width, (size_t)rows->rows);
    grid.groups[2] = (size_t)images;
    return opencl_launch(cl, "copy_rows.cl", "copy_rows", grid,
                         ARGS(arg_mem(from->mem, from->offset + (size_t)from_at),
                              arg_mem(to->mem, to->offset + (size_t)to_at),
                              arg_struct(rows, sizeof *rows)));
}
