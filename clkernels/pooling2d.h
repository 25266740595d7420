/* pooling2d.h: functions shared by the poolings.
 *
 * A work-item takes `width` channels, side by side, of one pixel of an image of the result: 1 on a
 * GPU, ITEM_CHANNELS on a CPU, whose compiler makes vector code of the loops over channels. */
#ifndef ISO_CLKERNELS_POOLING2D_H
#define ISO_CLKERNELS_POOLING2D_H

#include "arguments.h"

/* The windows that hold position p of an axis (counted with padding): from *first to *last. */
static inline void windows(int p, int kernel_size, int stride, uint reciprocal, int out, int *first,
                           int *last)
{
    const int quotient_last = quotient(p, stride, reciprocal);
    *first = p < kernel_size ? 0 : quotient(p - kernel_size, stride, reciprocal) + 1;
    *last = quotient_last < out ? quotient_last : out - 1;
}

/* Work-item -> first channel, pixel and image, and a copy of the struct, since Mesa warns of
 * arguments that are read behind a branch. */
#define PIXEL_AND_CHANNEL                                         \
    const struct opencl_pool g = all;                             \
    const int channel = get_global_id(0) * ITEM_CHANNELS;         \
    const int pixel = get_global_id(1), image = get_global_id(2); \
    if (pixel >= g.pixels || channel >= g.c)                      \
        return;

#endif
