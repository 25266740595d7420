/* binary_accuracy.c: the share of numbers that are on the same side of a half as their targets. */
#include "binary_counts.h"
#include "infer.h"
#include "score.h"

#include <stdio.h>

enum { OF_ALL, OF_EACH };
static const char *const averages[] = { "macro", "none", NULL };
static const struct iso_field fields[] = {
    { "average", ISO_FIELD_ENUM, offsetof(struct iso_score, average), "macro", 0, 0, averages,
      "macro: of all labels together, as Keras has it; none: one number per label" },
    { 0 }
};

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_score *p = params;
    *out = (struct iso_shapes){ .ny = 1 };
    ISO_TRY(iso_expect_ndim(&x[0], 2, " (counts of each column)"));
    if (x[0].dim[1] != ISO_BINARY_KINDS)
        return iso_fail(ISO_ESHAPE, "expected %d counts of each column, got %lld", ISO_BINARY_KINDS,
                        (long long)x[0].dim[1]);
    out->y[0] = (struct iso_shape){ 1, { p->average == OF_EACH ? x[0].dim[0] : 1 } };
    return iso_expect_all_countable(out);
}

static void score(const void *params, const struct iso_shape *x, const double *counts, double *y)
{
    const bool each = ((const struct iso_score *)params)->average == OF_EACH;
    double right = 0, all = 0;
    for (int64_t c = 0; c < x->dim[0]; c++) {
        const double *of = counts + c * ISO_BINARY_KINDS;
        const double own = of[ISO_TRUE_NO] + of[ISO_TRUE_YES],
                     rows = own + of[ISO_FALSE_NO] + of[ISO_FALSE_YES];
        if (each)
            y[c] = iso_share(own, rows);
        right += own;
        all += rows;
    }
    if (!each)
        y[0] = iso_share(right, all);
}

static void label(const char *name, const void *params, char *buf, size_t n)
{
    const bool each = ((const struct iso_score *)params)->average == OF_EACH;
    snprintf(buf, n, "%s%s", name, each ? "_class" : "");
}

const struct iso_op_def iso_def_binary_accuracy = {
    .doc =
        "share of the numbers of all rows that are above 0.5 where their target is, and not "
        "where it is not: for rows of several labels",
    .topic = "metrics",
    .params_size = sizeof(struct iso_score),
    .fields = fields,
    .nx = 1,
    .infer = infer,
    .reads = ISO_OP_binary_counts,
    .score = score,
    .label = label,
};
