/* arguments.h: what kernels and the C that queues them both know, valid C11 and OpenCL C 1.2: the
 * structs that kernels take by value, and sizes of work-groups. */
#ifndef ISO_CLKERNELS_ARGUMENTS_H
#define ISO_CLKERNELS_ARGUMENTS_H

#ifndef __OPENCL_C_VERSION__
#include "core/arithmetic/arith.h"
#endif

/* The most work-items in a group of any kernel. */
enum { OPENCL_MAX_GROUP = 256 };
/* sums_scalar: blocks that a work-group adds at a time, those of two groups of the sum. */
enum { OPENCL_SCALAR_BLOCKS = 16 };
/* elements.h: the elements of a work-item on CPU-shaped devices. */
enum { OPENCL_RUN = 4096 };
/* batch_normalization_cpu.cl: vectors of channels that sums over rows take side by side. */
enum { OPENCL_WIDE_VECTORS = 4 };
/* common.h: rows of a work-group on a GPU; rows.h: the most columns of a work-group. */
enum { OPENCL_GROUP_ROWS = 4, OPENCL_GROUP_COLUMNS = 32 };

/* chains_gpu.h: the activations that the kernels of products apply. The formulas of the others are
 * so long that compilers would spill what they multiply with. */
#define OPENCL_SHORT_ACTIVATIONS(X) \
    X(linear, LINEAR)               \
    X(relu, RELU)                   \
    X(elu, ELU)                     \
    X(sigmoid, SIGMOID)             \
    X(tanh, TANH)                   \
    X(leaky_relu, LEAKY_RELU)       \
    X(hard_sigmoid, HARD_SIGMOID)   \
    X(relu6, RELU6)                 \
    X(hard_tanh, HARD_TANH)         \
    X(selu, SELU)

/* Batch normalization: selects the gradients that reach it through a relu after it: all without a
 * relu; otherwise those whose relu result, or whose input to the relu, computed again, is above 0.
 */
enum opencl_pass { OPENCL_PASS_ALL, OPENCL_PASS_BY_RESULT, OPENCL_PASS_BY_INPUT };

/* batch_normalization.cl and batch_normalization_cpu.cl. relu: of the sum with the addend. */
struct opencl_bn {
    iso_i32 cols, rows, image, groups;     /* size of x, and of the sums over its rows */
    iso_i32 each;                          /* rows per work-group, in kernels over elements */
    iso_i32 scale, center, training, sums; /* sums: leave the moving statistics, and write sums */
    iso_i32 adds, relu, pass;              /* fused ops; pass: enum opencl_pass */
    iso_i32 want_passed, add_passed, want_dgamma, add_dgamma, want_dbeta, add_dbeta, add_dx;
    iso_i32 x_activation; /* 1 + the formula that gave x, whose gradient dx passes; 0: none */
    float x_alpha;
};

/* A side of a window, of which chains_gpu.h can test each for itself: two sides are bits of an int.
 */
enum { OPENCL_MOST_TAPS = 15 };

/* chains_gpu.h: where the operands and the results of sums of products lie. */
struct opencl_chains {
    iso_i32 rows, cols;   /* number of rows r; columns of b and y */
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
    /* Distance to the operands of the next product, or to the next block's matrix. */
    iso_i32 a_next, b_next, y_next;
    /* chains_over_rows: rows per image; the first row of a and b; the first group, the end of the
     * groups, groups per work-group, and work-groups per product along the third axis */
    iso_i32 image, first_row, first_group, end_group, each, deep;
    /* chains_gpu.h: where row 0 begins; images of h x w pixels, whose pixel of row (i, j) and tap
     * (ty, tx) is (first_y + i row_y + ty tap_y, first_x + j row_x + tx tap_x), +0 outside; h 0:
     * all are inside. A turned b is b[ty b_ty + tx b_tx + c + col b_col]. */
    iso_i32 a_first, h, w, first_y, first_x, row_y, row_x, tap_y, tap_x;
    iso_i32 b_ty, b_tx, b_col;
    /* For sums over taps: 1 + the formula of the activation that follows, 0: none; alpha is its
     * parameter. If the result is a gradient (`gradient`), the activation came before: `bias` holds
     * its result, laid out like y, and y becomes the gradient of its input. For sums over rows: 1:
     * one more row of the result, for which all of a is 1. */
    iso_i32 activation;
    float alpha;
    iso_i32 gradient;
    iso_i32 ones;
};

/* conv2d.cl: the window of a convolution; image h x w x c, output oh x ow, kernel kh x kw, strides
 * sh and sw, dilations dh and dw, padding above and to the left. */
struct opencl_window {
    iso_i32 h, w, c, oh, ow, kh, kw, sh, sw, dh, dw, top, left;
};

/* conv2d_groups.cl: the same; filters, and the channels and filters of a group; output pixels. */
struct opencl_grouped {
    struct opencl_window v;
    iso_i32 filters, in, out, rows, has_bias, add;
};

/* depthwise_conv2d.cl: the window of conv2d.cl, with m results of each channel. */
struct opencl_depthwise {
    iso_i32 h, w, c, m, oh, ow, kh, kw, sh, sw, dh, dw, top, left;
    iso_i32 images, pixels, channels; /* size of the result of this pass; for the kernel's gradient:
                                         groups of rows, taps and channels */
    iso_i32 has_bias, add;
    iso_i32 rows, image, groups; /* rows of the sums of the kernel's gradient */
};

/* dot_product_attention.cl: tokens of a window, and the windows of an image of height x width; see
 * core/ops/dot_product_attention.h. */
struct opencl_attention {
    iso_i32 queries, keys, size, heads;
    iso_i32 height, width, window_h, window_w, shift_h, shift_w;
    iso_i32 down, across, grid; /* across 0: an image is one window */
    iso_i32 biased;
};

/* pooling2d.h: the window of a pooling, which has no dilation. */
struct opencl_pool {
    iso_i32 h, w, c, oh, ow, kh, kw, sh, sw, top, left;
    iso_i32 images, pixels; /* images of the batch; pixels per image of the result of this pass */
    iso_u32 per_sh, per_sw; /* reciprocals */
    iso_i32 want_tap, add;
    iso_i32 x_activation; /* 1 + the formula that gave x, whose gradient dx passes; 0: none */
    float x_alpha;
};

/* winograd_gpu.cl: tiles of images of h x w x c. Tile n is on image n / image_tiles and begins at
 * pixel (step i - top, step j - left), where i and j are its row and its column among tiles_x. The
 * kernel computes `tiles` tiles from number `first` on. */
struct opencl_tiles {
    iso_i32 h, w, c, step, top, left;
    iso_i32 tiles_x, image_tiles, first, tiles;
    iso_i32 side;                                 /* pixels, or results, per side of a tile */
    iso_i32 image_step, pixel_step, channel_step; /* floats from one to the next */
    iso_u32 per_image, per_row;                   /* reciprocals of image_tiles and tiles_x */
    iso_i32 turned;                               /* the pixels, in reverse order */
    iso_i32 parts;                                /* points are the sums of so many, at least 1 */
    iso_i32 has_bias, add;
    iso_i32 activation; /* 1 + the formula that follows, 0: none; alpha is its parameter */
    float alpha;
    iso_i32 gradient;    /* the activation came before: as struct opencl_chains has it */
    iso_i32 bias_groups; /* those of struct opencl_bias, for a kernel's gradient */
};

/* bias_sums.h: the gradient of a bias, a sum over rows of dy [rows, cols]. groups: of that sum, 0
 * if it is not wanted. */
struct opencl_bias {
    iso_i32 rows, image, cols, groups;
};

/* winograd_cpu.cl: images of the source and of the result, with their channels; zeros above and to
 * the left of the source; tiles_x tiles in a row, image_tiles on an image, `tiles` in total. Tiles
 * go through all stages in chunks; the last chunk may have fewer. */
struct opencl_winograd_cpu {
    iso_i32 sh, sw, sc, top, left, rh, rw, rc;
    iso_i32 taps, tile; /* per side: taps of the kernel, and results of a tile */
    iso_i32 tiles_x, image_tiles, tiles, chunk;
    iso_i32 stride; /* floats of a tile's source channels, rounded up to whole vectors */
    iso_i32 u_plane, v_plane, m_plane; /* floats from point to point */
    iso_i32 turned, has_bias, add, relu;
};

/* winograd_cpu.cl: its kernel's gradient. A unit is some channels by some filters. */
struct opencl_winograd_weights_cpu {
    iso_i32 sh, sw, sc, top, left, rh, rw, rc;
    iso_i32 taps, tile, tiles_x, image_tiles, tiles;
    iso_i32 channels, filters, filter_units,
        units; /* per unit; units across the filters; total of units */
    iso_i32 x_plane, dy_plane, sum_plane;
    iso_i32 add, has_bias, add_bias; /* has_bias: the bias's gradient is wanted, too */
};

/* conv2d_cpu.cl: where the terms of a panel lie: tap (ty, tx), channel c < segment, column col at
 * w[ty w_ty + tx w_tx + c w_c + col w_col]. */
struct opencl_panels_cpu {
    iso_i32 taps_y, taps_x, segment, cols;
    iso_i32 w_ty, w_tx, w_c, w_col;
};

/* conv2d_cpu.cl: images [sh][sw][sc]; where the slice has floats, their lines are copied with a
 * border: pw columns from column col0 on. Results: `lines` lines of `pixels` pixels (the last line
 * of last_pixels) of each image, `cols` columns; `band` lines a unit, `bands` an image. */
struct opencl_taps_cpu {
    iso_i32 images, sh, sw, sc, col0, pw;
    iso_i32 lines, pixels, last_pixels, cols, band, bands;
    iso_i32 row_step, low, high; /* line j reads source lines j row_step + low to + high */
    iso_i32 slice;               /* floats of a work-item's */
    iso_i32 a_first, a_i, a_j;   /* the first term of pixel (i, j): a_first + i a_i + j a_j */
    iso_i32 taps_y, taps_x, segment, a_ty, a_tx;
    iso_i32 y_image, y_i, y_j, has_bias, add, relu;
};

/* conv2d_weights_cpu.cl: the convolution's window, with an image's rows of the sum; flat: row r
 * reads pixel r; bordered: its lines, of pw columns, are copied. Then how work is divided, and the
 * floats of a work-item's slice. */
struct opencl_weights_cpu {
    iso_i32 h, w, c, oh, ow, kh, kw, sh, sw, dh, dw, top, left, pw, filters;
    iso_i32 rows, image, flat, bordered;
    iso_i32 unit_channels, channel_units, unit_filters, filter_units, split;
    iso_i32 x_floats, dy_floats, sum_floats, slice;
    iso_i32 add, has_bias, add_bias; /* has_bias: the bias's gradient is wanted, too */
};

/* depthwise_conv2d_cpu.cl: the most taps of a kernel. */
enum { OPENCL_DEPTHWISE_TAPS = 64 };

/* max_pooling2d_cpu.cl, depthwise_conv2d_cpu.cl: the window, as struct opencl_window has it, and
 * the images. */
struct opencl_window_cpu {
    iso_i32 images, h, w, c, oh, ow, kh, kw, sh, sw, dh, dw, top, left;
    iso_i32 want_tap, has_bias, add, x_relu; /* x_relu: dx passes the gradient of x = relu(...) */
    iso_i32 rows, image, groups;             /* rows of the sums of a depthwise kernel's gradient */
};

/* copy_rows.cl: row r of image i begins at element i * from_image + r * from_row, and goes to
 * i * to_image + r * to_row; `width` elements each. */
struct opencl_rows {
    iso_i32 rows, width, from_image, from_row, to_image, to_row, add;
};
#endif
