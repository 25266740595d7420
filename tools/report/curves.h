/* curves.h: pictures of a run's history. The caller frees each, also after a failure. */
#ifndef ISO_REPORT_CURVES_H
#define ISO_REPORT_CURVES_H
#include "svg.h"
#include "run_folder.h"

enum { ISO_METRICS_SHOWN = 32 };
/* Draws training and validation of one metric over the epochs; for a metric with a number per
 * class, each class on the validation data or, without those, on the training data. */
iso_rc iso_draw_metric(const struct iso_told *, const struct iso_metric_columns *,
                       struct iso_svg *);
/* Draws the metric over the loss, with a point per epoch. */
iso_rc iso_draw_loss_against(const struct iso_told *, const struct iso_metric_columns *loss,
                             const struct iso_metric_columns *metric, struct iso_svg *);
/* Draws loss and main metric of the batches on two axes: every k-th number, and means over several.
 */
iso_rc iso_draw_batches(const struct iso_told *, const char *metric, struct iso_svg *);
/* Draws the learning rate of the steps or, if those are not known, of the epochs. */
iso_rc iso_draw_rate(const struct iso_told *, struct iso_svg *);
iso_rc iso_draw_speed(const struct iso_told *, struct iso_svg *);

/* Draws one metric of several runs in one chart. */
iso_rc iso_draw_overlay(const struct iso_told *, int n, const char *metric, bool validation,
                        struct iso_svg *);
/* Loss and main metric of one of several runs, beside each other; number: which, from 1. */
iso_rc iso_draw_small(const struct iso_told *, int number, struct iso_svg *);
#endif
