/* copy_rows.h: copies rows between tensors with different strides. */
#ifndef ISO_OPENCL_COPY_ROWS_H
#define ISO_OPENCL_COPY_ROWS_H
#include "clkernels/arguments.h"
#include "grids.h"

/* Copies the rows that struct opencl_rows describes, from element from_at of `from` to element
 * to_at of `to`; both are relative to the tensors' own offsets. */
iso_rc opencl_copy_rows(struct opencl *, const struct opencl_rows *, int64_t images,
                        const struct iso_tensor *from, int64_t from_at, const struct iso_tensor *to,
                        int64_t to_at);
#endif
