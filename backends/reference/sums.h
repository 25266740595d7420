/* sums.h: the three kinds of sums (core/arithmetic/order.h), term by term. Each begins as a struct
 * of zeros except for its first member; then ref_term, ref_row or ref_lane returns the chain that
 * takes the next term, and a total ends it:
 *
 *     struct ref_products sum = { .block = ISO_BLOCK_TERMS };
 *     for (int64_t i = 0; i < n; i++)
 *         ref_product(&sum, x[i], w[i]);
 *     y = ref_products_total(&sum);
 *
 * No total is -0: it begins at +0. */
#ifndef ISO_REFERENCE_SUMS_H
#define ISO_REFERENCE_SUMS_H
#include "reference.h"

/* A sum of products, in blocks of `block` terms. */
struct ref_products {
    int64_t block, terms; /* terms: number in this block so far */
    iso_real total, chain;
};
static inline iso_real *ref_term(struct ref_products *s)
{
    if (s->terms == s->block) {
        s->total = s->total + s->chain;
        s->chain = ISO_R(0.0);
        s->terms = 0;
    }
    s->terms++;
    return &s->chain;
}
static inline void ref_product(struct ref_products *s, iso_real a, iso_real b)
{
    iso_real *chain = ref_term(s);
    *chain = iso_fma(a, b, *chain);
}
static inline iso_real ref_products_total(const struct ref_products *s)
{
    return s->total + s->chain;
}

/* A sum over rows, in blocks of rows and groups of blocks. */
struct ref_rows {
    struct iso_rows rows;
    int64_t row, block_end, group_end; /* row: index of the next row */
    iso_real total, group, block;
};
static inline iso_real *ref_row(struct ref_rows *s)
{
    if (s->row == s->block_end) {
        s->group = s->group + s->block;
        s->block = ISO_R(0.0);
        s->block_end = iso_block_end(s->rows, s->row);
    }
    if (s->row == s->group_end) {
        s->total = s->total + s->group;
        s->group = ISO_R(0.0);
        s->group_end = iso_group_end(s->rows, s->row);
    }
    s->row++;
    return &s->block;
}
static inline void ref_row_product(struct ref_rows *s, iso_real a, iso_real b)
{
    iso_real *chain = ref_row(s);
    *chain = iso_fma(a, b, *chain);
}
/* Adds the sum of a whole block, which begins at the next row. */
static inline void ref_row_block(struct ref_rows *s, iso_real sum)
{
    *ref_row(s) = sum;
    s->row = s->block_end;
}
static inline iso_real ref_rows_total(const struct ref_rows *s)
{
    return s->total + (s->group + s->block);
}

/* A sum along an axis, in blocks of elements and their lanes; it begins as all zeros. */
struct ref_axis {
    int64_t elements; /* elements of this block so far */
    iso_real total, lane[ISO_LANES];
};
/* Ends the sum: lane l takes lane l + 8, then l + 4, l + 2, l + 1. */
static inline iso_real ref_axis_total(const struct ref_axis *s)
{
    iso_real lane[ISO_LANES];
    for (int l = 0; l < ISO_LANES; l++)
        lane[l] = s->lane[l];
    for (int half = ISO_LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] = lane[l] + lane[l + half];
    return s->total + lane[0];
}
static inline iso_real *ref_lane(struct ref_axis *s)
{
    if (s->elements == ISO_BLOCK_ELEMENTS)
        *s = (struct ref_axis){ .total = ref_axis_total(s) };
    return &s->lane[s->elements++ % ISO_LANES];
}
static inline void ref_lane_product(struct ref_axis *s, iso_real a, iso_real b)
{
    iso_real *chain = ref_lane(s);
    *chain = iso_fma(a, b, *chain);
}

/* Returns the sum of column `c` of x [rows, columns] over its rows. */
static inline iso_real ref_column_sum(struct iso_rows rows, int64_t columns, const iso_real *x,
                                      int64_t c)
{
    struct ref_rows sum = { .rows = rows };
    for (int64_t r = 0; r < rows.rows; r++) {
        iso_real *chain = ref_row(&sum);
        *chain = *chain + x[r * columns + c];
    }
    return ref_rows_total(&sum);
}
/* Writes the sums of all columns to y [columns], or adds them. */
void ISO_KERNEL(column_sums)(struct iso_rows rows, int64_t columns, const iso_real *x, iso_real *y,
                             bool add);

/* Returns the sum of |x| or x x (enum iso_sum_of) over a whole tensor x [n]. */
iso_real ISO_KERNEL(sum_elements)(int of, const iso_real *x, int64_t n);

/* Computes the maximum of one row of softmax, and its sum of exp(z - max). */
void ISO_KERNEL(softmax_row)(const iso_real *z, int64_t n, iso_real *max, iso_real *sum);

#endif
