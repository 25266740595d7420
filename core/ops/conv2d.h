/* conv2d.h: two-dimensional cross-correlation of NHWC images with an HWIO kernel. */
#ifndef ISO_OP_CONV2D_H
#define ISO_OP_CONV2D_H
#include "core/iso.h"
#include "window.h"
enum iso_winograd { ISO_WINOGRAD_AUTO, ISO_WINOGRAD_OFF };
struct iso_conv2d { /* w: kernel [kh, kw, in / groups, filters], bias [filters] when
                       use_bias */
    int64_t filters, groups;
    int64_t kernel_size[2], strides[2], dilation_rate[2];
    int padding; /* enum iso_padding */
    bool use_bias;
    int activation;
    int winograd; /* enum iso_winograd */
    struct iso_initializer kernel_initializer, bias_initializer;
    struct iso_regularizer kernel_regularizer, bias_regularizer;
};
struct iso_window iso_conv2d_window(const struct iso_conv2d *, const struct iso_shape *x);
/* Returns the algorithm that defines all three passes. It depends on the parameters and the size of
 * an image, never on the device, the batch or the mode. It is Winograd's if the kernel is 3x3 or
 * 5x5 without strides and dilation, has at least ISO_WINOGRAD_CHANNELS channels and filters, and
 * the tiles of an image need at most two thirds of the direct products. */
enum { ISO_WINOGRAD_CHANNELS = 32 };
enum iso_algorithm iso_conv2d_algorithm(const struct iso_conv2d *, const struct iso_shape *x);
#endif
