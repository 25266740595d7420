/* target_scores.h: how the numbers that a model predicts for each target of a row compare with the
 * row's own. */
#ifndef ISO_REPORT_TARGET_SCORES_H
#define ISO_REPORT_TARGET_SCORES_H
#include "core/iso.h"

struct iso_target_sums {
    double difference, absolute, squared; /* sums of prediction - target */
    double target, target_squared;
    double kinds[4]; /* rows of each kind (core/ops/binary_counts.h) */
};
struct iso_target_scores { /* zeroed: not known */
    int n;
    bool labels; /* targets are 0 or 1, predictions probabilities */
    int64_t rows;
    struct iso_target_sums *of; /* [n], owned */
};
/* A target's scores: of labels the first ones, of other numbers the rest; NaN where they have none.
 */
struct iso_target_score {
    double accuracy, precision, recall, f1, positives;
    double mean, mean_absolute_error, root_mean_squared_error, r2;
};
iso_rc iso_target_scores_new(struct iso_target_scores *, int n, bool labels);
void iso_target_scores_free(struct iso_target_scores *);
/* Adds a row, n numbers each. */
void iso_target_scores_add(struct iso_target_scores *, const float *targets,
                           const float *predictions);
struct iso_target_score iso_target_score(const struct iso_target_scores *, int target);
#endif
