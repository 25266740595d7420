/* conv.h: convolution without a patch matrix: the register tile reads the pixels of the image
 * directly. An image is first copied with its border of zeros, so that taps beyond the border are
 * +0 and need no test. */
#ifndef ISO_CPU_CONV_H
#define ISO_CPU_CONV_H
#include "gemm.h"
#include "sums.h"
#include "core/ops/conv2d.h"

/* Every result pixel reads the source pixels of its taps. Forward: source x, result y; input
 * gradient: source dy, result dx, where strides split the result into residues, each reached by its
 * own taps. */
struct iso_taps {           /* the taps of one residue */
    int64_t y0, x0, ny, nx; /* result pixels (y0 + j ystep, x0 + i xstep) */
    int first, nsegments;   /* in the tables aoff, boff, len */
};
struct iso_gather {
    int64_t n; /* images */
    const float *source;
    int64_t sh, sw, sc; /* source height, width, channels */
    float *result;
    int64_t rh, rw, rc;   /* result height, width, channels */
    int64_t row0, col0;   /* padded pixel (r, c) is source pixel (r + row0, c + col0), or 0 */
    int64_t ph, pw;       /* padded height and width */
    int64_t ystep, xstep; /* steps between result pixels of a residue */
    int64_t srow, scol;   /* source pixels per step in a residue */
    int64_t reach;        /* result row j reads the padded rows j srow to j srow + reach */
    struct iso_taps *residue;
    int nresidues;
    ptrdiff_t *aoff, *boff;
    int64_t *len;
    struct iso_gemm weights; /* one of the matrices for pack(): n columns, k terms */
    int64_t taps; /* matrices that `weights` describes, one after the other: forward 1 (k: terms of
                     all taps); input gradient kh kw (k: terms of one tap) */
    const float *bias;
    struct iso_ending ending; /* applied to the result */
    bool add;
};

/* Declares the three products of a convolution computed in one way (forward, input gradient, weight
 * gradient), and the bytes of workspace that each needs. x, dx [n, h, w, c]; y, dy [n, oh, ow,
 * filters]; kernel, dkernel [kh, kw, c, filters]; bias NULL: none; add: add to dx or dkernel. */
#define ISO_CPU_CONVOLUTION(way)                                                                 \
    size_t ISO_CPU(way##_forward_workspace)(const struct iso_window *, int64_t filters,          \
                                            int threads);                                        \
    void ISO_CPU(way##_forward)(struct iso_team *, const struct iso_window *, int64_t filters,   \
                                const float *x, const float *kernel, const float *bias,          \
                                struct iso_ending, float *y, void *workspace);                   \
    size_t ISO_CPU(way##_input_gradient_workspace)(const struct iso_window *, int64_t filters,   \
                                                   int threads);                                 \
    void ISO_CPU(way##_input_gradient)(struct iso_team *, const struct iso_window *,             \
                                       int64_t filters, const float *dy, const float *kernel,    \
                                       bool add, struct iso_ending, float *dx, void *workspace); \
    size_t ISO_CPU(way##_kernel_gradient_workspace)(const struct iso_window *, int64_t filters,  \
                                                    bool add, int threads);                      \
    void ISO_CPU(way##_kernel_gradient)(struct iso_team *, const struct iso_window *,            \
                                        int64_t filters, const float *x, const float *dy,        \
                                        bool add, float *dkernel, void *workspace);
ISO_CPU_CONVOLUTION(conv)
#endif
