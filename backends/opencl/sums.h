/* sums.h: sums over rows on the device, in the order of their definition. */
#ifndef ISO_OPENCL_SUMS_H
#define ISO_OPENCL_SUMS_H
#include "core/arithmetic/formulas.h"
#include "clkernels/arguments.h"
#include "grids.h"

/* Returns the number of places for sums of blocks (clkernels/rows.h). */
size_t opencl_places(struct iso_rows);
/* Returns the floats of workspace for a sum over rows of `cols` columns. */
size_t opencl_sum_rows_work(struct iso_rows, size_t cols);
/* Computes y[c] = sum over rows of x[rows, cols], or adds it to y. */
iso_rc opencl_sum_rows(struct opencl *, const struct iso_tensor *x, struct iso_rows, size_t cols,
                       struct opencl_at work, const struct iso_tensor *y, bool add);
/* Returns the target of a kernel's sums of blocks, [places, cols]: y, if there is only one block,
 * and the kernel adds to y if wanted; otherwise work. */
struct opencl_at opencl_blocks_to(struct iso_rows, struct opencl_at work,
                                  const struct iso_tensor *y);
bool opencl_only_block(struct iso_rows);
/* Completes the sum after that: sets y to the sums in work, added in their order, or adds that to
 * y. */
iso_rc opencl_add_blocks(struct opencl *, struct iso_rows, size_t cols, struct opencl_at work,
                         const struct iso_tensor *y, bool add);

/* The gradient of a bias whose places are the work of other kernels (clkernels/bias_sums.h):
 * describes it, and returns their floats, and their number of work-groups. */
struct opencl_bias opencl_bias_of(struct iso_rows, size_t cols);
size_t opencl_bias_floats(const struct opencl_bias *);
size_t opencl_bias_groups(const struct opencl_bias *);

/* sums_total: `parts` sums of n results each, and a bias [cols] if cols is not 0. */
struct opencl_total {
    size_t n, parts, cols;
    bool first, last, add;
    iso_i32 activation; /* 1 + the formula that follows; 0: none */
    float alpha;
};
iso_rc opencl_total(struct opencl *, const struct opencl_total *, struct opencl_at sums,
                    struct opencl_at total, struct opencl_at bias, struct opencl_at y);

/* Writes the sums of |x| or x x (enum iso_sum_of) over each block of a whole tensor of n elements
 * to work. */
iso_rc opencl_sum_blocks(struct opencl *, enum iso_sum_of, const struct iso_tensor *x, size_t n,
                         struct opencl_at work);
/* y[0] = the sum of n numbers, one per row, divided by count. size: rows per block, or 1 if the
 * numbers are sums of blocks. */
struct opencl_scalar {
    size_t n;
    int size;
    double count;
};
iso_rc opencl_sum_scalar(struct opencl *, const struct opencl_scalar *, struct opencl_at x,
                         const struct iso_tensor *y);
#endif
