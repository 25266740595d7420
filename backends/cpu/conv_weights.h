/* conv_weights.h: what the plan of a kernel's gradient (conv_weights_plan.c) lays down for the work
 * on it (conv_weights.c). */
#ifndef ISO_CPU_CONV_WEIGHTS_H
#define ISO_CPU_CONV_WEIGHTS_H
#include "conv.h"

/* A copy of an image with so many channels, and the segments of each block in it. */
struct iso_conv_segments {
    int64_t channels, column, image; /* floats from pixel to pixel, and of the whole */
    ptrdiff_t *aoff, *boff;
    int64_t *len;
    int64_t *block; /* [nblocks + 1]: the first segment of each block */
};

struct iso_conv_weights {
    struct iso_window w;
    int64_t filters, depth;
    const float *x, *dy;
    bool spread;                     /* an image is copied for each kx, with the columns that it
                                        meets, so that rows of pixels lie end to end */
    int64_t planes, ph, pw;          /* of a copy: one, or kw of them when spread */
    int64_t images, members, oh, ow; /* images that blocks start anew at, and their rows; where
                                        an image has one pixel, a block of the batch's images
                                        stands for one, and has them as its members */
    int64_t tail;                    /* rows of the last, which may be fewer then */
    int64_t nblocks;                 /* of an image */
    int64_t lines, taps;             /* depth is lines of taps; a line's taps lie
                                        end to end */
    int vectors, width;
    int64_t panels;
    bool packed;              /* dy is copied into panels */
    int64_t slices, channels; /* of a slice; the last may have fewer */
    int64_t splits;           /* of the panels */
    int64_t at_once;          /* images at a time */
    bool by_image, add;
    struct iso_conv_segments segments[2]; /* of a slice, and of the last */
    float *scratch;                       /* of each thread: x, a panel of dy, sums */
    int64_t scratch_floats, x_floats, panel_floats;
    float *total, *dkernel; /* sums and results, [depth, filters]; the same, unless by
                               image or added */
    float *blocks;          /* by image: block sums [at_once][nblocks][depth, filters] */
    int64_t first, end;     /* by image: the images that are in work */
};

/* Divides the work among threads. x, dy and dkernel are the caller's to set. */
void ISO_CPU(plan_conv_weights)(struct iso_conv_weights *, const struct iso_window *,
                                int64_t filters, bool add, int threads);
/* Lays everything out in the workspace of conv_kernel_gradient_workspace, and fills in the
 * segments. dkernel is there already. */
void ISO_CPU(lay_out_conv_weights)(struct iso_conv_weights *, void *workspace, int threads);
#endif
