/* conv2d_transpose.h: the convolution whose input gradient this is: it takes x for the gradient of
 * its result, and y is that of its input. Every pass has the bits of conv2d's, which exchange their
 * parts, and its sums are conv2d's (backends/conv2d_transpose.h):
 *
 *   y = input gradient of x with the kernel, + bias
 *   dx = forward pass of dy with the kernel
 *   dkernel = kernel gradient, with dy for the input and x for the gradient of the result
 *   dbias = row sum of dy */
#ifndef ISO_OP_CONV2D_TRANSPOSE_H
#define ISO_OP_CONV2D_TRANSPOSE_H
#include "conv2d.h"
struct iso_conv2d_transpose { /* w: kernel [kh, kw, filters, in], bias [filters] when use_bias */
    int64_t filters;
    int64_t kernel_size[2], strides[2], dilation_rate[2];
    int padding;               /* enum iso_padding */
    int64_t output_padding[2]; /* -1: as Keras's None */
    bool use_bias;
    int activation;
    struct iso_initializer kernel_initializer, bias_initializer;
    struct iso_regularizer kernel_regularizer, bias_regularizer;
};
/* Returns the shape of y; a size below 1 where there is none. */
struct iso_shape iso_conv2d_transpose_result(const struct iso_conv2d_transpose *,
                                             const struct iso_shape *x);
/* Returns the params of the convolution from y to x, which has no bias; only fields that shapes and
 * kernels read are set. */
struct iso_conv2d iso_conv2d_transpose_conv2d(const struct iso_conv2d_transpose *,
                                              const struct iso_shape *x);
#endif
