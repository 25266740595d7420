/* pooling2d.h: declarations shared by the poolings: their window as the kernels take it, their
 * grids and passes. */
#ifndef ISO_OPENCL_POOLING2D_H
#define ISO_OPENCL_POOLING2D_H
#include "clkernels/arguments.h"
#include "core/ops/pooling2d.h"
#include "grids.h"

/* Describe a pooling, and its grid, over the pixels of `result`, y or dx. */
struct opencl_pool opencl_pool_of(const struct iso_call *, const struct iso_tensor *result);
struct opencl_grid opencl_pool_grid(const struct opencl *, const struct opencl_pool *);

iso_rc opencl_max_pool(struct iso_backend *, const struct iso_call *);
iso_rc opencl_max_pool_gradient(struct iso_backend *, const struct iso_call *);
iso_rc opencl_average_pool_gradient(struct iso_backend *, const struct iso_call *);
#endif
