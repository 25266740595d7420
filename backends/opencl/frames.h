/* frames.h: an image in a frame, for zero_padding2d and cropping2d. */
#ifndef ISO_OPENCL_FRAMES_H
#define ISO_OPENCL_FRAMES_H
#include "core/ops/zero_padding2d.h"
#include "opencl.h"

/* The programs of these kernels. */
#define OPENCL_FRAME_PROGRAMS "zero_padding2d.cl", "copy_rows.cl"
/* Copies the images x to the inside of the frame in y, whose other numbers become 0; or, with add,
 * adds them there and leaves the others as they are. */
iso_rc opencl_put_in_frame(struct opencl *, const struct iso_frame *, const struct iso_tensor *x,
                           const struct iso_tensor *y, bool add);
/* Copies the inside of the frame in x to the images y, or adds it. */
iso_rc opencl_take_out_of_frame(struct opencl *, const struct iso_frame *,
                                const struct iso_tensor *x, const struct iso_tensor *y, bool add);
#endif
