/* chains.h: the exact sums of products on GPUs (clkernels/chains_gpu.h) and the packing of their
 * operands. */
#ifndef ISO_OPENCL_CHAINS_H
#define ISO_OPENCL_CHAINS_H
#include "clkernels/arguments.h"
#include "opencl.h"

/* Returns false, with a reason in why, if the kernels below cannot be built. */
bool opencl_chains_ready(struct opencl *, char *why, size_t n);

/* Images [n, h, w, c] with borders of +0: [n, ph, pw, c], shifted by (top, left). */
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

/* Describes a plain matrix product: results [rows, cols] of sums over `depth` terms, a [rows,
 * depth], in blocks of `block` terms. */
struct opencl_chains opencl_plain_chains(int64_t rows, int64_t cols, int64_t depth, int block);
/* Describes a product summed over the rows, `image` rows in each image: results [depth, cols], a
 * [rows, depth]. */
struct opencl_chains opencl_plain_rows(int64_t rows, int64_t image, int64_t cols, int64_t depth);

/* Runs chains_over_taps. bias.mem NULL: none. If `split` is set, which requires results [rows,
 * cols] without gaps, and there are too few tiles to keep the device busy, each block goes to
 * another work-group. work: opencl_chains_work floats, which also suffice for fewer rows. */
iso_rc opencl_chains(struct opencl *, const struct opencl_chains *, struct opencl_at a,
                     struct opencl_at b, struct opencl_at bias, struct opencl_at y,
                     struct opencl_at work);
size_t opencl_chains_work(const struct opencl *, const struct opencl_chains *);
/* Runs several products in one launch, a_next, b_next and y_next floats apart. */
iso_rc opencl_many_chains(struct opencl *, const struct opencl_chains *, size_t products,
                          struct opencl_at a, struct opencl_at b, struct opencl_at y);

/* Makes the kernel of the forward pass apply the call's activation, if its formula is short.
 * Returns the activation that is still to be applied; NULL: none. */
const struct iso_activation *opencl_fuse_activation(const struct iso_call *,
                                                    struct opencl_chains *);
/* Makes the kernel of an input gradient, whose result is dx[0], pass it back through the call's
 * x_activation. Returns the kernel's bias argument: the place of dx in x[0], or none. */
struct opencl_at opencl_fuse_x_activation(const struct iso_call *, struct opencl_chains *);
/* Returns true if the gradient of the bias is wanted, follows that of the kernel, w[0] of so many
 * floats, in memory, and both are added to or neither. */
bool opencl_bias_follows(const struct iso_call *, size_t kernel);
/* Makes the sums over rows compute the gradient of the bias, too, if it follows that of the kernel,
 * w[0], in memory and both are added to or neither. Returns true if they do. */
bool opencl_fuse_bias(const struct iso_call *, struct opencl_chains *);

/* Runs chains_over_rows over all groups: sets y[depth, cols] to the sums, or adds them. work:
 * opencl_row_chains_work floats. */
iso_rc opencl_row_chains(struct opencl *, const struct opencl_chains *, struct opencl_at a,
                         struct opencl_at b, struct opencl_at y, struct opencl_at work);
size_t opencl_row_chains_work(const struct opencl *, const struct opencl_chains *);
/* Many products, y [products, depth, cols], over the groups [first, first + count); a and b begin
 * with the first row of these. Calls must be made in ascending order, with the same y and work; the
 * last one completes y. */
struct opencl_groups {
    size_t products, first, count;
};
iso_rc opencl_some_row_chains(struct opencl *, const struct opencl_chains *, struct opencl_groups,
                              struct opencl_at a, struct opencl_at b, struct opencl_at y,
                              struct opencl_at work);
/* Queues the sums of the groups without the additions that finish them: y [parts, products, depth,
 * cols], opencl_row_parts parts in the order of their sum. */
iso_rc opencl_parts_of_rows(struct opencl *, const struct opencl_chains *, struct opencl_groups,
                            struct opencl_at a, struct opencl_at b, struct opencl_at y);
size_t opencl_row_parts(const struct opencl *, const struct opencl_chains *, struct opencl_groups);
/* Return the number of groups, at least 1, whose sums are kept at a time, and the floats of work
 * that they need. */
size_t opencl_groups_at_once(const struct opencl *, const struct opencl_chains *, size_t products);
size_t opencl_groups_work(const struct opencl *, const struct opencl_chains *,
                          struct opencl_groups);
#endif
