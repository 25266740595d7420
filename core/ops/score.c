#include "score.h"
#include "infer.h"

#include <stdio.h>

static const char *const averages[] = { "macro", "weighted", "none", "binary", NULL };

const struct iso_field iso_score_fields[] = {
    { "average", ISO_FIELD_ENUM, offsetof(struct iso_score, average), "macro", 0, 0, averages,
      "macro: mean over all classes; weighted: by the rows of each; none: a number a class; "
      "binary: that of class 1 of two" },
    { 0 }
};

iso_rc iso_score_infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_score *p = params;
    *out = (struct iso_shapes){ .ny = 1 };
    ISO_TRY(iso_expect_ndim(&x[0], 2, " (a confusion matrix)"));
    if (x[0].dim[0] != x[0].dim[1])
        return iso_fail(ISO_ESHAPE, "%lld true classes and %lld predicted ones",
                        (long long)x[0].dim[0], (long long)x[0].dim[1]);
    if (p->average == ISO_AVERAGE_BINARY && x[0].dim[0] != 2)
        return iso_fail(ISO_ESHAPE, "average: binary is for two classes, there are %lld",
                        (long long)x[0].dim[0]);
    out->y[0] = (struct iso_shape){ 1, { p->average == ISO_AVERAGE_NONE ? x[0].dim[0] : 1 } };
    return iso_expect_all_countable(out);
}

struct iso_class_counts iso_class_counts(const struct iso_shape *x, const double *counts,
                                         int64_t class)
{
    const int64_t n = x->dim[0];
    struct iso_class_counts c = { .right = counts[class * n + class] };
    for (int64_t i = 0; i < n; i++) {
        c.predicted += counts[i * n + class];
        c.actual += counts[class * n + i];
    }
    return c;
}

void iso_score_average(const void *params, const struct iso_shape *x, const double *counts,
                       iso_class_score *score, double *y)
{
    const struct iso_score *p = params;
    double sum = 0, weights = 0;
    for (int64_t class = 0; class < x->dim[0]; class ++) {
        const struct iso_class_counts c = iso_class_counts(x, counts, class);
        const double weight = p->average == ISO_AVERAGE_WEIGHTED ? c.actual
                              : p->average == ISO_AVERAGE_BINARY ? class == 1
                                                                 : 1;
        if (p->average == ISO_AVERAGE_NONE)
            y[class] = score(&c);
        sum += weight * score(&c);
        weights += weight;
    }
    if (p->average != ISO_AVERAGE_NONE)
        y[0] = iso_share(sum, weights);
}

void iso_score_label(const char *name, const void *params, char *buf, size_t n)
{
    static const char *const ends[] = { "", "_weighted", "_class", "_binary" };
    snprintf(buf, n, "%s%s", name, ends[((const struct iso_score *)params)->average]);
}
