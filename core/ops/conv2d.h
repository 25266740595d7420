/* conv2d.h: two-dimensional cross-correlation of NHWC images with an HWIO kernel. */
#ifndef ISO_OP_CONV2D_H
#define ISO_OP_CONV2D_H
#include "core/iso.h"
#include "window.h"
struct iso_conv2d { /* w: kernel [kh, kw, in, filters], bias [filters] when
                       use_bias */
    int64_t filters;
    int64_t kernel_size[2], strides[2], dilation_rate[2];
    int padding; /* enum iso_padding */
    bool use_bias;
    int activation;
    struct iso_initializer kernel_initializer, bias_initializer;
    struct iso_regularizer kernel_regularizer, bias_regularizer;
};
struct iso_window iso_conv2d_window(const struct iso_conv2d *, const struct iso_shape *x);
#endif
