/* sums.h: sums over rows on the device, in the order of their definition. */
#ifndef ISO_OPENCL_SUMS_H
#define ISO_OPENCL_SUMS_H
#include "core/formulas.h"
#include "opencl.h"

/* Work-groups of clkernels/rows.h: `cols` columns of so many groups of rows. */
struct opencl_grid opencl_group_grid(const struct opencl *, size_t cols, size_t groups);

/* Floats of workspace that a sum over rows of so many columns needs. */
size_t opencl_sum_rows_work(struct iso_rows, size_t cols);
/* y[c] = sum over rows of x[rows, cols], or added to y. */
iso_rc opencl_sum_rows(struct opencl *, const struct iso_tensor *x, struct iso_rows, size_t cols,
                       struct opencl_at work, const struct iso_tensor *y, bool add);
/* Where a kernel puts its groups' sums [groups, cols]: into y, if there is one group, and adds
 * there where it shall; otherwise into work. */
struct opencl_at opencl_groups_to(struct iso_rows, struct opencl_at work,
                                  const struct iso_tensor *y);
bool opencl_groups_add(struct iso_rows, bool add);
/* What is left to do then: y = the sums in work, added in ascending order, or added to y. */
iso_rc opencl_add_groups(struct opencl *, struct iso_rows, size_t cols, struct opencl_at work,
                         const struct iso_tensor *y, bool add);

/* sums_total: `parts` sums of n results each, and a bias [cols], where cols is not 0. */
struct opencl_total {
    size_t n, parts, cols;
    bool first, last, add;
};
iso_rc opencl_total(struct opencl *, const struct opencl_total *, struct opencl_at sums,
                    struct opencl_at total, struct opencl_at bias, struct opencl_at y);

/* The block sums of a whole tensor of n elements, of |x| or x x (enum iso_sum_of), into work. */
iso_rc opencl_sum_blocks(struct opencl *, enum iso_sum_of, const struct iso_tensor *x, size_t n,
                         struct opencl_at work);
/* y[0] = sum of the row values in the workspace, divided by count. */
iso_rc opencl_sum_scalar(struct opencl *, const struct iso_call *, const struct iso_tensor *y,
                         int64_t count);
#endif
