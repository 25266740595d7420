/* winograd.h (private): Winograd's convolution, which is the definition of the layers that it pays
 * for (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015); valid C11 and
 * OpenCL C 1.2.
 *
 * Which layers: iso_conv2d_algorithm (core/ops/conv2d.h), from parameters and image size alone.
 *
 * All kernels have six points a side: 0, 5/8, -5/8, 3/2, -3/2 and infinity, in this order; so 36
 * points in all, point (i, j) is number 6 i + j. These err a third of what the usual ones, 0, +-1,
 * +-2, do. A kernel of k x k taps gives tiles of t x t results, t = 7 - k: F(4x4, 3x3) and
 * F(2x2, 5x5). Tiles are anchored at result (0, 0) and numbered along the rows of an image, one
 * image after the other; results of a tile that lie outside of the image are left out.
 *
 * Forward: a tile's source is the 6 x 6 pixels of x from (t ty - top, t tx - left) on; those
 * outside of the image are +0. v = source(pixels), for each channel; u = taps_k(kernel), for each
 * channel and filter; m[f] = sum over channels c of v[c] u[c, f], at each point: a sum of products
 * in blocks of ISO_BLOCK_CHANNELS. y = result_t(m) + 0, then the bias.
 *
 * Input gradient: the same with dy for x, filters for channels, the kernel turned by 180 degrees,
 * and k - 1 - top and k - 1 - left for top and left.
 *
 * Kernel gradient: tiles are those of the forward pass: v as there, and from the t x t pixels of dy
 * (+0 outside of the image) w = taps_t(pixels). m[c, f] = sum over tiles of v[c] w[f], at each
 * point: a sum over rows, a tile a row. dkernel = result_k(m) + 0.
 *
 * source, taps_n and result_n are the square transforms of core/winograd_transforms.h. A zero among
 * v, u and w may have either sign, because it changes no sum. An infinity or a NaN of a pixel
 * reaches every result of its tiles that the transforms lead it to, mostly as a NaN: more results
 * than a direct sum would spoil, but the same ones on every device. */
#ifndef ISO_WINOGRAD_H
#define ISO_WINOGRAD_H

#ifndef __OPENCL_C_VERSION__
#include "arith.h"
#endif

enum { ISO_WINOGRAD_SIDE = 6, ISO_WINOGRAD_POINTS = 36 };
/* The results of a tile, a side, where the kernel has k taps a side. */
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
