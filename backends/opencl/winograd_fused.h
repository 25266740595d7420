/* winograd_fused.h: Winograd's convolution with one kernel from pixels to results
 * (clkernels/winograd_fused.cl), for GPUs that run it without memory of a work-item's own. */
#ifndef ISO_OPENCL_WINOGRAD_FUSED_H
#define ISO_OPENCL_WINOGRAD_FUSED_H
#include "clkernels/arguments.h"
#include "opencl.h"

/* Return true if the kernel for images, or the one for the kernel's gradient, is to compute a layer
 * with these tiles: of the source, and of the results or of their gradient. ISOCL_OPENCL_VARIANT
 * with the name of a product's kernel makes both return false. */
bool opencl_fuses_images(struct opencl *, const struct opencl_tiles *source,
                         const struct opencl_tiles *result);
bool opencl_fuses_rows(struct opencl *, const struct opencl_tiles *source,
                       const struct opencl_tiles *gradient);

/* Returns the floats of memory that the kernel for images needs for totals of so many tiles. */
size_t opencl_fused_work(const struct opencl_tiles *source, const struct opencl_tiles *result,
                         size_t tiles);
/* Queues y = the results of source.tiles tiles of x. u: points of the kernel; m: that memory. bias:
 * that of the results or, for a gradient, what the activation before gave; any buffer if there is
 * none. */
iso_rc opencl_fused_images(struct opencl *, struct opencl_tiles source, struct opencl_tiles result,
                           struct opencl_at x, struct opencl_at u, struct opencl_at m,
                           struct opencl_at bias, struct opencl_at y);
/* Queues sums [groups, points, channels, filters] over each group of the batch's tiles. */
iso_rc opencl_fused_rows(struct opencl *, struct opencl_tiles source, struct opencl_tiles gradient,
                         int64_t groups, struct opencl_at x, struct opencl_at dy,
                         struct opencl_at sums);
#endif
