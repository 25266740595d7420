/* sums.c: the sums that several ops share. */
#include "core/arithmetic/formulas.h"
#include "sums.h"

void ISO_KERNEL(column_sums)(struct iso_rows rows, int64_t columns, const iso_real *x, iso_real *y,
                             bool add)
{
    for (int64_t c = 0; c < columns; c++)
        ref_put(&y[c], ref_column_sum(rows, columns, x, c), add);
}

iso_real ISO_KERNEL(sum_elements)(int of, const iso_real *x, int64_t n)
{
    struct ref_axis sum = { 0 };
    for (int64_t i = 0; i < n; i++) {
        iso_real *chain = ref_lane(&sum);
        *chain = iso_sum_term(of, x[i], *chain);
    }
    return ref_axis_total(&sum);
}

void ISO_KERNEL(softmax_row)(const iso_real *z, int64_t n, iso_real *max, iso_real *sum)
{
    struct ref_axis exponentials = { 0 };
    *max = z[ISO_KERNEL(argmax)(z, n)];
    for (int64_t i = 0; i < n; i++) {
        iso_real *chain = ref_lane(&exponentials);
        *chain = *chain + iso_softmax_exp(z[i], *max);
    }
    *sum = ref_axis_total(&exponentials);
}
