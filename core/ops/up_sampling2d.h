/* up_sampling2d.h: repeats the rows and columns of an image, or draws lines between them.
 *
 *   nearest:  y[oy, ox] = x[oy / size_h, ox / size_w]
 *   bilinear: y = sum over the taps of the row, then of the column, of x (w_row w_column)
 *   dx = sum over the pixels of y that read x, row by row, of dy (w_row w_column)
 * Both are sums of products (core/arithmetic/order.h); up_sampling2d_taps.h has the taps and their
 * weights, those of nearest being 1. */
#ifndef ISO_OP_UP_SAMPLING2D_H
#define ISO_OP_UP_SAMPLING2D_H
#include "core/iso.h"
enum { ISO_UP_NEAREST, ISO_UP_BILINEAR };
struct iso_up_sampling2d {
    int64_t size[2];
    int interpolation;
};
#endif
