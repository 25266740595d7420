/* scores.h: a model's loss and metrics over some rows, and the numbers computed from them. */
#ifndef ISO_SCORES_H
#define ISO_SCORES_H
#include "core/model/graph.h"

struct iso_scores {
    double loss_sum;                /* sum over the rows */
    double metric_sum[ISO_METRICS]; /* the count of each metric that is a single count */
    int64_t rows;
    const double *counts; /* [graph->ncounts], for metrics with forward_adds; borrowed from the
                             executor; NULL: none */
};
double iso_scores_loss(const struct iso_scores *); /* NaN when there are no rows */

/* Returns the number of values of a metric: 1, or one per class, or 0 for a table. */
int64_t iso_metric_values(const struct iso_graph *, int metric);
/* Writes the name of one value, "top_5" or "f1_class_3", or of the metric itself if value is -1,
 * into buf and returns buf. */
const char *iso_metric_name(const struct iso_graph *, int metric, int64_t value,
                            char buf[ISO_NAME]);
/* Computes the values of a metric, out[iso_metric_values]; NaN if there are no rows. */
void iso_scores_values(const struct iso_graph *, const struct iso_scores *, int metric,
                       double *out);
/* Returns the value of a metric that is one number. */
double iso_scores_metric(const struct iso_graph *, const struct iso_scores *, int metric);
/* Returns the model's first metric that is one number, or -1. */
int iso_metric_first(const struct iso_graph *);
/* Returns the largest number of values of any metric, at least 1. */
int64_t iso_metric_most(const struct iso_graph *);
#endif
