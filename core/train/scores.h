/* scores.h: a model's loss and metrics over some rows, and the numbers shown of them. */
#ifndef ISO_SCORES_H
#define ISO_SCORES_H
#include "core/model/graph.h"

struct iso_scores {
    double loss_sum;                /* over the rows */
    double metric_sum[ISO_METRICS]; /* of a metric that is one count: its count */
    int64_t rows;
    const double *counts; /* [graph->ncounts], of the metrics that add; borrowed from
                             the executor; NULL where there are none */
};
double iso_scores_loss(const struct iso_scores *); /* NaN when there are no rows */

/* Returns how many numbers a metric is: 1; or one a class; or 0, when it is a table. */
int64_t iso_metric_values(const struct iso_graph *, int metric);
/* The name of one of them, "top_5" or "f1_class_3"; of the metric itself when value is -1. */
const char *iso_metric_name(const struct iso_graph *, int metric, int64_t value,
                            char buf[ISO_NAME]);
/* The numbers of a metric: out[iso_metric_values]; NaN when there are no rows. */
void iso_scores_values(const struct iso_graph *, const struct iso_scores *, int metric,
                       double *out);
/* The same for a metric that is one number. */
double iso_scores_metric(const struct iso_graph *, const struct iso_scores *, int metric);
/* The model's first metric that is one number, or -1. */
int iso_metric_first(const struct iso_graph *);
/* The most numbers that one metric is, at least 1. */
int64_t iso_metric_most(const struct iso_graph *);
#endif
