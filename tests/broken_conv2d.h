/* broken_conv2d.h: convolutions that list the terms of each result and then sum them, over the
 * reference's plain host memory: as the definition says, and with one fault each. */
#ifndef BROKEN_CONV2D_H
#define BROKEN_CONV2D_H
#include "core/iso.h"

/* X(name, ...): what is wrong, members of struct conv_fault. */
/* clang-format off */
#define BROKEN_CONV2D(X)                                                          \
    X(right, .none = true)                                                        \
    X(pad, .pad = true)             /* padding of half the kernel */              \
    X(swap, .swap = true)           /* height and width of the kernel */          \
    X(stride, .stride = true)       /* one too small */                           \
    X(descending, .descending = true)                                             \
    X(chain, .chain = true)         /* products in one block */                   \
    X(across, .across = true)       /* blocks of rows that cross images */        \
    X(groups, .groups = true)       /* groups added in descending order */        \
    X(ungrouped, .ungrouped = true) /* blocks added to the total */               \
    X(row, .row = true)             /* two rows of Winograd's source transform */ \
    X(factor, .factor = true)       /* a tap's transform off by 2^-13 */          \
    X(tile, .tile = true)           /* a pixel to the right but for the first */  \
    X(channels, .channels = true)   /* those of the last block, forgotten */      \
    X(unturned, .unturned = true)   /* the kernel of the input gradient */        \
    X(neighbour, .neighbour = true) /* filters see the channels of the next group */
/* clang-format on */
#define BROKEN_CONV2D_DECLARE(name, ...)                                                  \
    iso_rc broken_conv2d_##name##_forward(struct iso_backend *, const struct iso_call *); \
    iso_rc broken_conv2d_##name##_backward(struct iso_backend *, const struct iso_call *);
BROKEN_CONV2D(BROKEN_CONV2D_DECLARE)
#endif
