/* separable_conv2d.h: convolves each channel by itself, then mixes them with a 1x1 convolution.
 *
 *   middle = depthwise_conv2d(x, depthwise_kernel), without bias or activation
 *   y = conv2d(middle, pointwise_kernel) + bias
 *
 * Every pass has the bits of these two ops, one after the other. There is no formula of its own:
 * shapes, cost and kernels are made from theirs (backends/separable_conv2d.h). */
#ifndef ISO_OP_SEPARABLE_CONV2D_H
#define ISO_OP_SEPARABLE_CONV2D_H
#include "conv2d.h"
#include "depthwise_conv2d.h"
/* w: depthwise_kernel [kh, kw, in, m], pointwise_kernel [1, 1, in m, filters] and, when use_bias,
 * bias [filters]; m = depth_multiplier. saved: middle [rows, height, width, in m]. */
enum { ISO_SEPARABLE_DEPTHWISE, ISO_SEPARABLE_POINTWISE, ISO_SEPARABLE_BIAS };
struct iso_separable_conv2d {
    int64_t filters;
    int64_t kernel_size[2], strides[2], dilation_rate[2];
    int64_t depth_multiplier;
    int padding; /* enum iso_padding */
    bool use_bias;
    int activation;
    struct iso_initializer depthwise_initializer, pointwise_initializer, bias_initializer;
    struct iso_regularizer depthwise_regularizer, pointwise_regularizer, bias_regularizer;
};
/* Return the params of the two convolutions; only fields that shapes, cost and kernels read are
 * set. */
struct iso_depthwise_conv2d iso_separable_conv2d_depthwise(const struct iso_separable_conv2d *);
struct iso_conv2d iso_separable_conv2d_pointwise(const struct iso_separable_conv2d *);
#endif
