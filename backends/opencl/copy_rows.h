/* copy_rows.h: copies of rows between tensors that keep them at different distances. */
#ifndef ISO_OPENCL_COPY_ROWS_H
#define ISO_OPENCL_COPY_ROWS_H
#include "clkernels/arguments.h"
#include "grids.h"

/* Copies rows as struct opencl_rows says, from element from_at of `from` and to to_at of `to`;
 * both are added to the tensors' own offsets. */
iso_rc opencl_copy_rows(struct opencl *, const struct opencl_rows *, int64_t images,
                        const struct iso_tensor *from, int64_t from_at, const struct iso_tensor *to,
                        int64_t to_at);
#endif
