/* curves.h: pictures of what a run's history tells. The caller frees each, also after a failure. */
#ifndef ISO_REPORT_CURVES_H
#define ISO_REPORT_CURVES_H
#include "svg.h"
#include "told.h"

enum { ISO_METRICS_SHOWN = 32 };
/* Training and validation of one metric over the epochs; of one with a number a class, each class
 * on the validation data, or without that on the training data. */
iso_rc iso_draw_metric(const struct iso_told *, const struct iso_metric_columns *,
                       struct iso_svg *);
/* The metric over the loss, an epoch a point. */
iso_rc iso_draw_loss_against(const struct iso_told *, const struct iso_metric_columns *loss,
                             const struct iso_metric_columns *metric, struct iso_svg *);
/* Loss and main metric of the batches on two axes: every k-th, and their mean over some. */
iso_rc iso_draw_batches(const struct iso_told *, const char *metric, struct iso_svg *);
/* The learning rate of the steps, or of the epochs where those are not known. */
iso_rc iso_draw_rate(const struct iso_told *, struct iso_svg *);
iso_rc iso_draw_speed(const struct iso_told *, struct iso_svg *);

/* One metric of several runs over each other. */
iso_rc iso_draw_overlay(const struct iso_told *, int n, const char *metric, bool validation,
                        struct iso_svg *);
/* All curves of several runs: loss and main metric of each in a row of its own. */
iso_rc iso_draw_all(const struct iso_told *, int n, struct iso_svg *);
#endif
