/* depthwise_conv2d.h: convolves each channel by itself, with depth_multiplier kernels of its own.
 *
 *   y[n, oy, ox, i m + d] = (sum over ky, kx of x[n, iy, ix, i] kernel[ky, kx, i, d]) + bias
 *   dx[n, iy, ix, i] = sum over ky, kx, d of dy[n, oy, ox, i m + d] kernel[ky, kx, i, d]
 *   dkernel[ky, kx, i, d] = sum over n, oy, ox of x[n, iy, ix, i] dy[n, oy, ox, i m + d]
 *   dbias = sum over n, oy, ox of dy
 *
 * with iy = oy sh + ky dh - top, ix = ox sw + kx dw - left and m = depth_multiplier. The orders are
 * those of conv2d: the first two are sums of products, in which a tap beyond the border takes part
 * as a factor of +0 and a tap that strides leave out does not; the others are sums over rows. Each
 * number read takes part in only 2 kh kw flops, so no mode uses another order. */
#ifndef ISO_OP_DEPTHWISE_CONV2D_H
#define ISO_OP_DEPTHWISE_CONV2D_H
#include "core/iso.h"
#include "window.h"
struct iso_depthwise_conv2d { /* w: kernel [kh, kw, in, m], bias [in m] when use_bias */
    int64_t kernel_size[2], strides[2], dilation_rate[2];
    int64_t depth_multiplier;
    int padding; /* enum iso_padding */
    bool use_bias;
    int activation;
    struct iso_initializer depthwise_initializer, bias_initializer;
    struct iso_regularizer depthwise_regularizer, bias_regularizer;
};
struct iso_window iso_depthwise_conv2d_window(const struct iso_depthwise_conv2d *,
                                              const struct iso_shape *x);
#endif
