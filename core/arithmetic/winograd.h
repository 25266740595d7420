/* winograd.h (private): Winograd's convolution, which defines the result of the layers that it
 * makes faster (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015); valid C11
 * and OpenCL C 1.2.
 *
 * iso_conv2d_algorithm (core/ops/conv2d.h) selects the layers, by parameters and image size alone.
 *
 * All kernels have six points a side: 0, 5/8, -5/8, 3/2, -3/2 and infinity, in this order; so 36
 * points in all, point (i, j) is number 6 i + j. Their error is a third of that of the usual points
 * 0, +-1, +-2. A kernel of k x k taps gives tiles of t x t results, t = 7 - k: F(4x4, 3x3) and
 * F(2x2, 5x5). Tiles start at result (0, 0) and are numbered along the rows of an image, one image
 * after the other; results of a tile outside the image are dropped.
 *
 * Forward: a tile's source is the 6 x 6 pixels of x from (t ty - top, t tx - left) on; those
 * outside the image are +0. v = source(pixels), for each channel; u = taps_k(kernel), for each
 * channel and filter; m[f] = sum over channels c of v[c] u[c, f], at each point: a sum of products
 * in blocks of ISO_BLOCK_CHANNELS. y = result_t(m) + 0, then the bias.
 *
 * Input gradient: the same with dy for x, filters for channels, the kernel turned by 180 degrees,
 * and k - 1 - top and k - 1 - left for top and left.
 *
 * Kernel gradient: tiles are those of the forward pass: v as there, and from the t x t pixels of dy
 * (+0 outside the image) w = taps_t(pixels). m[c, f] = sum over tiles of v[c] w[f], at each
 * point: a sum over rows, a tile a row. dkernel = result_k(m) + 0.
 *
 * source, taps_n and result_n are the square transforms of core/arithmetic/winograd_transforms.h. A
 * zero among v, u and w may have either sign, because that changes no sum. An infinite or NaN pixel
 * spreads through the transforms to other results of its tiles, mostly as NaN: to more results than
 * in a direct sum, but to the same ones on every device. */
#ifndef ISO_WINOGRAD_H
#define ISO_WINOGRAD_H

#ifndef __OPENCL_C_VERSION__
#include "arith.h"
#endif

enum { ISO_WINOGRAD_SIDE = 6, ISO_WINOGRAD_POINTS = 36 };
/* Results per side of a tile, for a kernel of k taps per side. */
#define ISO_WINOGRAD_TILE(k) (7 - (k))

#define ISO_T iso_real
#define ISO_W(name) iso_winograd_##name
#define ISO_W_FN ISO_FN
#define ISO_W_ADD(a, b) ((a) + (b))
#define ISO_W_SUB(a, b) ((a) - (b))
#define ISO_W_MUL(c, a) ((c) * (a))
#define ISO_W_FMA(c, a, b) iso_fma(c, a, b)
#ifdef __OPENCL_C_VERSION__
#define ISO_W_UNROLL _Pragma("unroll")
#else
#define ISO_W_UNROLL
#endif
#include "winograd_transforms.h"

#endif
