/* score.h: functions shared by the scores that are computed from a confusion matrix: one number per
 * class, or an average over the classes. */
#ifndef ISO_OP_SCORE_H
#define ISO_OP_SCORE_H
#include "core/iso.h"

/* MACRO: the mean over all of the model's classes, including those without rows. WEIGHTED: the mean
 * with each class weighted by its number of rows. NONE: one number per class. BINARY: the number of
 * the second of two classes. */
enum iso_average { ISO_AVERAGE_MACRO, ISO_AVERAGE_WEIGHTED, ISO_AVERAGE_NONE, ISO_AVERAGE_BINARY };
struct iso_score {
    int average;
}; /* params of every score */

/* Numbers of rows of one class: predicted correctly, predicted, and actual. */
struct iso_class_counts {
    double right, predicted, actual;
};
/* Returns the counts of a class in the confusion matrix x, [classes, classes]. */
struct iso_class_counts iso_class_counts(const struct iso_shape *x, const double *counts,
                                         int64_t class);
/* Returns some / all, or 0 if all is 0, like scikit-learn with zero_division=0. */
static inline double iso_share(double some, double all) { return all > 0 ? some / all : 0; }
#endif
