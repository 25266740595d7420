/* pooling2d.h: what the poolings share.
 *
 * A work-item takes one pixel of the result and `width` of its channels, side by side: 1 on a GPU,
 * ITEM_CHANNELS on a CPU, whose compiler makes vector code of the loops over channels. */
#ifndef ISO_CLKERNELS_POOLING2D_H
#define ISO_CLKERNELS_POOLING2D_H

#include "arguments.h"

/* The windows that hold position p of an axis (counted with padding): from *first to *last. */
static inline void windows(int p, int kernel_size, int stride, int out, int *first, int *last)
{
    *first = p < kernel_size ? 0 : (p - kernel_size) / stride + 1;
    *last = p / stride < out ? p / stride : out - 1;
}

/* Work-item -> pixel and first channel, and a copy of the struct, since Mesa warns of arguments
 * that are read behind a branch. */
#define PIXEL_AND_CHANNEL                                                           \
    const struct opencl_pool g = all;                                               \
    int items = (g.c + ITEM_CHANNELS - 1) / ITEM_CHANNELS, item = get_global_id(0); \
    int pixel = item / items, channel = item % items * ITEM_CHANNELS;               \
    if (pixel >= g.pixels)                                                          \
        return;

#endif
