/* score.h: what the scores share that follow from a confusion matrix: one number a class, or an
 * average of them over the classes. */
#ifndef ISO_OP_SCORE_H
#define ISO_OP_SCORE_H
#include "core/iso.h"

/* MACRO: the mean over all of the model's classes, those without a row among them. WEIGHTED: each
 * class weighs as many as it has rows. NONE: a number a class. BINARY: the second of two. */
enum iso_average { ISO_AVERAGE_MACRO, ISO_AVERAGE_WEIGHTED, ISO_AVERAGE_NONE, ISO_AVERAGE_BINARY };
struct iso_score {
    int average;
}; /* params of every score */

/* Of one class: rows that are of it and were taken for it, that were taken for it, that are of
 * it. */
struct iso_class_counts {
    double right, predicted, actual;
};
typedef double iso_class_score(const struct iso_class_counts *);

extern const struct iso_field iso_score_fields[];
iso_rc iso_score_infer(const void *params, const struct iso_shape *x, struct iso_shapes *out);
/* Of a class of the matrix x, [classes, classes]. */
struct iso_class_counts iso_class_counts(const struct iso_shape *x, const double *counts,
                                         int64_t class);
/* What params ask for of the classes' scores. */
void iso_score_average(const void *params, const struct iso_shape *x, const double *counts,
                       iso_class_score *, double *y);
/* The name, with the average where it is not the macro one: f1, f1_weighted, f1_class. */
void iso_score_label(const char *name, const void *params, char *buf, size_t n);
/* Returns some / all; 0 where nothing is there to be divided, as scikit-learn's zero_division=0. */
static inline double iso_share(double some, double all) { return all > 0 ? some / all : 0; }
#endif
