/* cropping2d.h: takes lines off the sides of an image; dx is dy in a frame of zeros. */
#ifndef ISO_OP_CROPPING2D_H
#define ISO_OP_CROPPING2D_H
#include "zero_padding2d.h"
struct iso_cropping2d {
    int64_t cropping[4];
}; /* above, below, left, right */
/* Returns the position of y in x: y is what the frame is around. */
struct iso_frame iso_cropping2d_frame(const struct iso_cropping2d *, const struct iso_shape *x);
#endif
