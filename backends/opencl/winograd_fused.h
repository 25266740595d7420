/* winograd_fused.h: Winograd's convolution with one kernel from pixels to results
 * (clkernels/winograd_fused.h), for GPUs that run it without memory of a work-item's own. */
#ifndef ISO_OPENCL_WINOGRAD_FUSED_H
#define ISO_OPENCL_WINOGRAD_FUSED_H
#include "clkernels/arguments.h"
#include "opencl.h"
#include "tiles.h"

/* Return the kernel for images, or for the kernel's gradient, that is to compute a layer with these
 * tiles: of the source, and of the results or of their gradient; tiles: in the batch. Return NULL
 * if transforms and products one after the other are faster, or if the device can run none.
 * ISOCL_OPENCL_VARIANT with a kernel's name takes that one, with another name none. */
const struct opencl_fused *opencl_fused_images(struct opencl *, const struct opencl_tiles *source,
                                               const struct opencl_tiles *result, size_t tiles);
const struct opencl_fused *opencl_fused_rows(struct opencl *, const struct opencl_tiles *source,
                                             const struct opencl_tiles *gradient, size_t tiles);

/* Returns the floats of memory that the kernel for images, of either size, needs for totals of so
 * many tiles. */
size_t opencl_fused_work(const struct opencl_tiles *source, const struct opencl_tiles *result,
                         size_t tiles);
/* Queues y = the results of source.tiles tiles of x. u: points of the kernel; m: that memory. bias:
 * that of the results or, for a gradient, what the activation before gave; any buffer if there is
 * none. */
iso_rc opencl_run_fused_images(struct opencl *, const struct opencl_fused *,
                               struct opencl_tiles source, struct opencl_tiles result,
                               struct opencl_at x, struct opencl_at u, struct opencl_at m,
                               struct opencl_at bias, struct opencl_at y);
/* The same from the taps w of the kernel, without its points. */
iso_rc opencl_run_fused_taps(struct opencl *, const struct opencl_fused *,
                             struct opencl_tiles source, struct opencl_tiles result,
                             struct opencl_tiles kernel, struct opencl_at x, struct opencl_at w,
                             struct opencl_at m, struct opencl_at bias, struct opencl_at y);
/* Queues sums [groups, points, channels, filters] over each group of the batch's tiles, and after
 * them the places of the bias's gradient, if that has any groups. */
iso_rc opencl_run_fused_rows(struct opencl *, const struct opencl_fused *,
                             struct opencl_tiles source, struct opencl_tiles gradient,
                             const struct opencl_bias *, size_t groups, struct opencl_at x,
                             struct opencl_at dy, struct opencl_at sums);
#endif
