/* arguments.h: what kernels and the C that queues them both know, valid C11 and OpenCL C 1.2: the
 * structs that kernels take by value, and sizes of work-groups. */
#ifndef ISO_CLKERNELS_ARGUMENTS_H
#define ISO_CLKERNELS_ARGUMENTS_H

#ifndef __OPENCL_VERSION__
#include "core/arith.h"
#endif

/* sums_scalar: blocks that its work-group adds at a time, those of two groups of the sum. */
enum { OPENCL_SCALAR_BLOCKS = 16 };
/* common.h: rows of a work-group on a GPU; rows.h: the most columns of a work-group. */
enum { OPENCL_GROUP_ROWS = 4, OPENCL_GROUP_COLUMNS = 32 };

/* batch_normalization.cl: which gradients reach it through a relu behind it: all where there is
 * none, otherwise those where the relu's result is above 0, or what it was given, computed anew. */
enum opencl_pass { OPENCL_PASS_ALL, OPENCL_PASS_BY_RESULT, OPENCL_PASS_BY_INPUT };

struct opencl_bn {
    iso_i32 cols, rows, image, groups; /* of x and of the sums over its rows */
    iso_i32 each;                      /* rows of a work-group of bn_batch and bn_channels */
    iso_i32 scale, center, training;
    iso_i32 adds, relu, pass; /* what it fuses; pass: enum opencl_pass */
    iso_i32 want_passed, add_passed, want_dgamma, add_dgamma, want_dbeta, add_dbeta, add_dx;
};

/* chains.cl: where the operands and the results of sums of products lie. */
struct opencl_chains {
    iso_i32 rows, cols;   /* rows r in all; columns of b and y */
    iso_i32 row_h, row_w; /* r = (image * row_h + i) * row_w + j */
    iso_i32 a_image, a_i, a_j;
    /* k = (ty * taps_x + tx) * segment + c; depth = taps_y taps_x segment */
    iso_i32 taps_y, taps_x, segment;
    iso_i32 a_ty, a_tx;
    iso_i32 ldb; /* b[k * ldb + col], or b[r * ldb + col] */
    iso_i32 add;
    /* chains_over_taps: the terms of a block; where results go; `split`: each block is another
     * work-group's, and its sums go to a matrix of their own */
    iso_i32 block, y_image, y_i, y_j, y_col, has_bias, split;
    /* How far the operands of the next product, or the next block's matrix, lie apart. */
    iso_i32 a_next, b_next, y_next;
    /* chains_over_rows: rows of an image; the row that a and b begin with; the first group, where
     * groups end, those of a work-group, and the work-groups of a product along the third axis */
    iso_i32 image, first_row, first_group, end_group, each, deep;
};

/* conv2d.cl: the window of a convolution; image h x w x c, output oh x ow, kernel kh x kw, strides
 * sh and sw, dilations dh and dw, padding above and to the left. */
struct opencl_window {
    iso_i32 h, w, c, oh, ow, kh, kw, sh, sw, dh, dw, top, left;
};

/* depthwise_conv2d.cl: the same, with m results of each channel. */
struct opencl_depthwise {
    iso_i32 h, w, c, m, oh, ow, kh, kw, sh, sw, dh, dw, top, left;
    iso_i32 images, pixels, channels; /* of the result of this pass; of the kernel's gradient:
                                         groups of rows, taps and channels */
    iso_u32 per_sh, per_sw;           /* reciprocals */
    iso_i32 has_bias, add;
    iso_i32 rows, image, groups; /* of the sums of the kernel's gradient */
};

/* pooling2d.h: the window of a pooling, which has no dilation. */
struct opencl_pool {
    iso_i32 h, w, c, oh, ow, kh, kw, sh, sw, top, left;
    iso_i32 images, pixels; /* of the batch; of an image of the result of this pass */
    iso_u32 per_sh, per_sw; /* reciprocals */
    iso_i32 want_tap, add;
};

/* winograd.cl: how tiles lie on images of h x w x c: tile number n of all is on image n /
 * image_tiles, and begins at pixel (step i - top, step j - left), i and j being its row and its
 * column among tiles_x. `tiles` of them, from number `first` on. */
struct opencl_tiles {
    iso_i32 h, w, c, step, top, left;
    iso_i32 tiles_x, image_tiles, first, tiles;
    iso_i32 turned; /* of a kernel: its filters; 0: it is taken as it is */
    iso_i32 has_bias, add;
};

/* copy_rows.cl: row r of image i begins at element i * from_image + r * from_row, and goes to
 * i * to_image + r * to_row; `width` elements each. */
struct opencl_rows {
    iso_i32 rows, width, from_image, from_row, to_image, to_row, add;
};
#endif
