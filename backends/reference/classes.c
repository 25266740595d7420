/* classes.c: which class the numbers of a row mean. */
#include "core/arithmetic/formulas.h"
#include "reference.h"

int64_t ISO_KERNEL(argmax)(const iso_real *x, int64_t n)
{
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (iso_beats(x[i], x[best]))
            best = i;
    return best;
}

int64_t ISO_KERNEL(row_class)(const iso_real *x, int64_t n)
{
    return n == 1 ? iso_single_class(x[0]) : ISO_KERNEL(argmax)(x, n);
}

int64_t ISO_KERNEL(target_class)(const struct iso_tensor *targets, int64_t row, int64_t n)
{
    if (targets->dtype == ISO_I32)
        return ref_i32(targets)[row];
    return ISO_KERNEL(row_class)(ref_real(targets) + row * n, n);
}
