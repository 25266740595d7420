/* rows.h: copies of rows between tensors that keep them at different distances. */
#ifndef ISO_OPENCL_ROWS_H
#define ISO_OPENCL_ROWS_H
#include "opencl.h"

/* Row r of image i begins at element from_at + i * from_image + r * from_row of `from`, and goes to
 * `to` in the same way; `width` elements each. (struct rows of clkernels/rows.cl.) */
struct opencl_rows {
    cl_int rows, width, from_image, from_row, to_image, to_row, add;
};
/* Offsets are added to those of the tensors. */
iso_rc opencl_copy_rows(struct opencl *, const struct opencl_rows *, int64_t images,
                        const struct iso_tensor *from, int64_t from_at, const struct iso_tensor *to,
                        int64_t to_at);
#endif
