/* matrices.h: many sums of products at a time, where computing one after the other would take too
 * long. The order within a sum is that of sums.h; the order among sums is free. */
#ifndef ISO_REFERENCE_MATRICES_H
#define ISO_REFERENCE_MATRICES_H
#include "reference.h"

struct ref_matrices {
    int64_t rows, columns, terms, block; /* block: terms per block */
    const iso_real *x;
    int64_t x_row, x_term;
    const iso_real *w; /* [terms, columns] */
    iso_real *y;
    int64_t y_row;
};
/* For each r and c, adds to y[r * y_row + c], block by block, the sum over k of
 * x[r * x_row + k * x_term] w[k, c]. */
void ISO_KERNEL(add_products)(const struct ref_matrices *);

/* `count` sums over rows, computed together. */
struct ref_blocks {
    struct iso_rows rows;
    int64_t count;
    /* Adds the terms of rows [begin, end) to block [count], one chain per sum. */
    void (*add)(const void *from, int64_t begin, int64_t end, iso_real *block);
    const void *from;
    iso_real *work; /* scratch of ISO_REF_BLOCKS_WORK * count reals, borrowed */
};
enum { ISO_REF_BLOCKS_WORK = 3 };
/* Writes the sums to y [count], or adds them. */
void ISO_KERNEL(sum_blocks)(const struct ref_blocks *, iso_real *y, bool add);
#endif
