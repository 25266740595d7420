/* frames.h: an image in a frame, for zero_padding2d and cropping2d. */
#ifndef ISO_CPU_FRAMES_H
#define ISO_CPU_FRAMES_H
#include "core/ops/zero_padding2d.h"
#include "cpu.h"

/* Copies the images x to the inside of the frame in y, whose other numbers become 0; or, with add,
 * adds them there and leaves the others as they are. */
void ISO_CPU(put_in_frame)(struct iso_backend *, const struct iso_frame *, const float *x, float *y,
                           bool add);
/* Copies the inside of the frame in x to the images y, or adds it. */
void ISO_CPU(take_out_of_frame)(struct iso_backend *, const struct iso_frame *, const float *x,
                                float *y, bool add);
#endif
