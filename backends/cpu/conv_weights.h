/* conv_weights.h: what the plan of a kernel's gradient (conv_weights_plan.c) lays down for the work
 * on it (conv_weights.c). */
#ifndef ISO_CPU_CONV_WEIGHTS_H
#define ISO_CPU_CONV_WEIGHTS_H
#include "conv.h"

/* A copy of a lot of images with so many channels, and the segments of each block in it. */
struct iso_conv_segments {
    int64_t channels, column, lot; /* floats from pixel to pixel, and of the whole */
    ptrdiff_t *aoff, *boff;        /* in a lot, and in a block */
    int64_t *len;
    int64_t *block; /* [nblocks + 1]: the first segment of each block */
};

struct iso_conv_weights {
    struct iso_window w;
    int64_t filters, depth;
    const float *x, *dy;
    bool spread;             /* an image is copied for each kx, with the columns that it
                                meets, so that rows of pixels lie end to end */
    int64_t planes, ph, pw;  /* of a copy: one, or kw of them when spread */
    int64_t lots, members;   /* a lot is the images of one block, `members` of them, or one
                                image that has several blocks */
    int64_t lines, line;     /* rows of an image that lie end to end: so many, of so many */
    int64_t rows, tail;      /* of a lot; of the last one, which may have fewer images */
    int64_t nblocks;         /* of a lot */
    int64_t group_lots;      /* lots of a group, or one of several groups, */
    int64_t group_blocks;    /* of so many blocks each */
    int64_t tap_lines, taps; /* depth is lines of taps; a line's taps lie
                                end to end */
    int vectors, width;
    int64_t panels;
    bool packed;                          /* dy is copied into panels */
    int64_t slices, channels;             /* of a slice; the last may have fewer */
    int64_t splits;                       /* of the panels */
    int64_t at_once;                      /* lots at a time: whole groups */
    bool by_group, in_place, add;         /* in place: x is read where it lies */
    struct iso_conv_segments segments[2]; /* of a slice, and of the last */
    float *scratch;                       /* of each thread: x, a panel of dy, two sums, or, by
                                             group, one for each panel */
    int64_t scratch_floats, x_floats, panel_floats, sum_floats;
    float *total, *dkernel; /* sums and results, [depth, filters]; the same, unless by
                               group or added */
    float *groups;          /* by group: their sums, [at_once][depth, filters] for each group */
    int64_t first, end;     /* by group: the lots that are in work */
};

/* Groups of so many lots, whole groups of them or up to the last. */
static inline int64_t iso_conv_groups(const struct iso_conv_weights *job, int64_t lots)
{
    return iso_ceil_div(lots, job->group_lots) * iso_ceil_div(job->nblocks, job->group_blocks);
}
/* Divides the work among threads. x, dy and dkernel are the caller's to set. */
void ISO_CPU(plan_conv_weights)(struct iso_conv_weights *, const struct iso_window *,
                                int64_t filters, bool add, int threads);
/* Lays everything out in the workspace of conv_kernel_gradient_workspace, and fills in the
 * segments. dkernel is there already. */
void ISO_CPU(lay_out_conv_weights)(struct iso_conv_weights *, void *workspace, int threads);
#endif
