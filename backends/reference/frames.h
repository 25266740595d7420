/* frames.h: an image in a frame, for zero_padding2d and cropping2d. */
#ifndef ISO_REFERENCE_FRAMES_H
#define ISO_REFERENCE_FRAMES_H
#include "core/ops/zero_padding2d.h"
#include "reference.h"

/* Copies the images x to the inside of the frame in y, whose other numbers become 0; or, with add,
 * adds them there and leaves the others as they are. */
void ISO_KERNEL(put_in_frame)(const struct iso_frame *, const iso_real *x, iso_real *y, bool add);
/* Copies the inside of the frame in x to the images y, or adds it. */
void ISO_KERNEL(take_out_of_frame)(const struct iso_frame *, const iso_real *x, iso_real *y,
                                   bool add);
#endif
