/* zero_padding2d.h: adds a frame of zeros to an image; dx is dy inside the frame. */
#ifndef ISO_OP_ZERO_PADDING2D_H
#define ISO_OP_ZERO_PADDING2D_H
#include "core/iso.h"
struct iso_zero_padding2d {
    int64_t padding[4];
}; /* above, below, left, right */
/* The position of x [n, h, w, c] in y [n, oh, ow, c]. */
struct iso_frame {
    int64_t n, h, w, c, oh, ow, top, left;
};
struct iso_frame iso_zero_padding2d_frame(const struct iso_zero_padding2d *,
                                          const struct iso_shape *x);
#endif
