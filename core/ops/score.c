#include "score.h"
#include "infer.h"

#include <stdio.h>

static const char *const averages[] = { "macro", "weighted", "none", "binary", NULL };

static const struct iso_field fields[] = {
    { "average", ISO_FIELD_ENUM, offsetof(struct iso_score, average), "macro", 0, 0, averages,
      "macro: mean over all classes; weighted: mean weighted by the rows of each class; none: one "
      "number per class; binary: the number of class 1 of two" },
    { 0 }
};

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
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

typedef double class_score(const struct iso_class_counts *);

/* Writes the scores of the classes, or the average of them that params ask for. */
static void average(const void *params, const struct iso_shape *x, const double *counts,
                    class_score *score, double *y)
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

/* Writes the name, with the average unless that is macro: f1, f1_weighted, f1_class. */
static void label(const char *name, const void *params, char *buf, size_t n)
{
    static const char *const ends[] = { "", "_weighted", "_class", "_binary" };
    snprintf(buf, n, "%s%s", name, ends[((const struct iso_score *)params)->average]);
}

/* Every score: its name, numerator and denominator for a class, and documentation. f1 is
 * 2 / (1 / precision + 1 / recall), without divisions by 0. */
/* clang-format off */
#define SCORES(X)                                                                                 \
    X(precision, c->right, c->predicted,                                                          \
      "share of predictions of a class that are correct; 0 if there are none")                    \
    X(recall, c->right, c->actual,                                                                \
      "share of a class's rows that are predicted correctly; 0 if it has none")                   \
    X(f1, 2 * c->right, c->predicted + c->actual,                                                 \
      "harmonic mean of a class's precision and recall; 0 if it has no rows and is never "        \
      "predicted")
/* clang-format on */

#define SCORE(name, some, all, text)                                                      \
    static double name(const struct iso_class_counts *c) { return iso_share(some, all); } \
    static void average_##name(const void *params, const struct iso_shape *x,             \
                               const double *counts, double *y)                           \
    {                                                                                     \
        average(params, x, counts, name, y);                                              \
    }                                                                                     \
    const struct iso_op_def iso_def_##name = {                                            \
        .doc = text,                                                                      \
        .topic = "metrics",                                                               \
        .params_size = sizeof(struct iso_score),                                          \
        .fields = fields,                                                                 \
        .nx = 1,                                                                          \
        .infer = infer,                                                                   \
        .reads = ISO_OP_confusion_matrix,                                                 \
        .score = average_##name,                                                          \
        .label = label,                                                                   \
    };
SCORES(SCORE)
