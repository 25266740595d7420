/* chains.h: the exact sums of products on GPUs (clkernels/chains_gpu.h) and the packing of their
 * operands. */
#ifndef ISO_OPENCL_CHAINS_H
#define ISO_OPENCL_CHAINS_H
#include "clkernels/arguments.h"
#include "opencl.h"

/* False with a reason in why: the kernels below cannot be built. */
bool opencl_chains_ready(struct opencl *, char *why, size_t n);

/* Images [n, h, w, c] with borders of +0: [n, ph, pw, c], moved by (top, left). */
struct opencl_border {
    int64_t n, h, w, c, ph, pw, top, left;
};
iso_rc opencl_add_border(struct opencl *, const struct opencl_border *, struct opencl_at x,
                         struct opencl_at y);
/* y[k, width], k = (ty, tx, c): x[ty * x_ty + tx * x_tx + c * x_c + col * x_col]; +0 from column
 * `cols` on. */
struct opencl_matrix {
    int64_t taps_y, taps_x, segment, x_ty, x_tx, x_c, x_col, cols, width;
};
iso_rc opencl_pack(struct opencl *, const struct opencl_matrix *, struct opencl_at x,
                   struct opencl_at y);

/* A plain product: results [rows, cols] of sums over `depth` terms, a [rows, depth]; in blocks of
 * so many terms. */
struct opencl_chains opencl_plain_chains(int64_t rows, int64_t cols, int64_t depth, int block);
/* Its like over the rows, `image` of them an image: results [depth, cols], a [rows, depth]. */
struct opencl_chains opencl_plain_rows(int64_t rows, int64_t image, int64_t cols, int64_t depth);

/* chains_over_taps. bias.mem NULL: none. Where `split` is set, which is for results [rows, cols]
 * without gaps, and there are too few tiles to keep the device busy, each block is another
 * work-group's. work: opencl_chains_work floats, which serve fewer rows as well. */
iso_rc opencl_chains(struct opencl *, const struct opencl_chains *, struct opencl_at a,
                     struct opencl_at b, struct opencl_at bias, struct opencl_at y,
                     struct opencl_at work);
size_t opencl_chains_work(const struct opencl *, const struct opencl_chains *);
/* So many products beside each other, a_next, b_next and y_next floats apart. */
iso_rc opencl_many_chains(struct opencl *, const struct opencl_chains *, size_t products,
                          struct opencl_at a, struct opencl_at b, struct opencl_at y);

/* Has the kernel of the forward pass apply the call's activation, if it has one. */
void opencl_fuse_activation(const struct iso_call *, struct opencl_chains *);
/* Has the kernel of an input gradient, whose result is dx[0], pass it back through the call's
 * x_activation. Returns what the kernel takes as its bias: dx's place in x[0], or none. */
struct opencl_at opencl_fuse_x_activation(const struct iso_call *, struct opencl_chains *);
/* Has the sums over rows give the gradient of the bias, too, if it lies behind that of the kernel,
 * w[0], and both are added to or neither. True if it does. */
bool opencl_fuse_bias(const struct iso_call *, struct opencl_chains *);

/* chains_over_rows over all groups: y[depth, cols] = the sums, or added to y. work:
 * opencl_row_chains_work floats. */
iso_rc opencl_row_chains(struct opencl *, const struct opencl_chains *, struct opencl_at a,
                         struct opencl_at b, struct opencl_at y, struct opencl_at work);
size_t opencl_row_chains_work(const struct opencl *, const struct opencl_chains *);
/* Many products, y [products, depth, cols], over the groups [first, first + count) of all; a and b
 * begin with the first row of these. The calls follow each other, in ascending order, with the same
 * y and work: the last one finishes y. */
struct opencl_groups {
    size_t products, first, count;
};
iso_rc opencl_some_row_chains(struct opencl *, const struct opencl_chains *, struct opencl_groups,
                              struct opencl_at a, struct opencl_at b, struct opencl_at y,
                              struct opencl_at work);
/* Groups whose sums are kept at a time, 1 or more; and the floats of work that so many of them
 * take. */
size_t opencl_groups_at_once(const struct opencl *, const struct opencl_chains *, size_t products);
size_t opencl_groups_work(const struct opencl *, const struct opencl_chains *,
                          struct opencl_groups);
#endif
