/* conv_weights.h: the plan of a kernel's gradient, made in conv_weights_plan.c and carried out in
 * conv_weights.c. */
#ifndef ISO_CPU_CONV_WEIGHTS_H
#define ISO_CPU_CONV_WEIGHTS_H
#include "conv.h"

/* A copy of a lot of images with `channels` channels, and the segments of each block in it. */
struct iso_conv_segments {
    int64_t channels, column, lot; /* column: floats from pixel to pixel; lot: floats of the copy */
    ptrdiff_t *aoff, *boff;        /* in a lot, and in a block */
    int64_t *len;
    int64_t *block; /* [nblocks + 1]: the first segment of each block */
};

struct iso_conv_weights {
    struct iso_window w;
    int64_t filters, depth;
    const float *x, *dy;
    bool spread; /* copy an image once for each kx, with the columns that kx reads, so that rows of
                    pixels lie end to end */
    int64_t planes, ph, pw;  /* copies per image, one or kw of them when spread, and their size */
    int64_t lots, members;   /* a lot is the images of one block, `members` of them, or one
                                image that has several blocks */
    int64_t lines, line;     /* runs of pixels of an image that lie end to end; their length */
    int64_t rows, tail;      /* rows of a lot, and of the last one, which may have fewer images */
    int64_t nblocks;         /* blocks per lot */
    int64_t group_lots;      /* lots per group; 1 if a lot has several groups */
    int64_t group_blocks;    /* blocks per group in a lot */
    int64_t tap_lines, taps; /* depth consists of lines of taps, which lie end to end in a line */
    int vectors, width;
    int64_t panels;
    bool packed;                          /* dy is copied into panels */
    int64_t slices, channels;             /* channels per slice; the last may have fewer */
    int64_t splits;                       /* parts into which the panels are divided */
    int64_t at_once;                      /* lots at a time: whole groups */
    bool by_group, in_place, add;         /* in_place: x is read without a copy */
    bool one_block;                       /* all rows are one block: tiles end in dkernel */
    struct iso_conv_segments segments[2]; /* for a full slice, and for the last */
    float *scratch; /* per thread: x, a panel of dy, and two sums, or one per panel by group, or
                       none if one_block */
    int64_t scratch_floats, x_floats, panel_floats, sum_floats;
    float *total, *dkernel; /* sums and results, [depth, filters]; equal unless by_group, or
                               add and not one_block */
    float *groups;          /* by group: sums of the groups, [at_once][depth, filters] for each */
    int64_t first, end;     /* by group: the lots being summed */
};

/* Returns the number of groups in `lots` lots, which end with a whole group or with the last lot.
 */
static inline int64_t iso_conv_groups(const struct iso_conv_weights *job, int64_t lots)
{
    return iso_ceil_div(lots, job->group_lots) * iso_ceil_div(job->nblocks, job->group_blocks);
}
/* Divides the work among threads. The caller sets x, dy and dkernel. */
void ISO_CPU(plan_conv_weights)(struct iso_conv_weights *, const struct iso_window *,
                                int64_t filters, bool add, int threads);
/* Lays out the workspace, whose size is conv_kernel_gradient_workspace, and fills in the segments.
 * dkernel must be set. */
void ISO_CPU(lay_out_conv_weights)(struct iso_conv_weights *, void *workspace, int threads);
#endif
