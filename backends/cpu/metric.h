/* metric.h: functions shared by the metrics: threads compute one whole number for each row, and one
 * thread then sums or counts them. */
#ifndef ISO_CPU_METRIC_H
#define ISO_CPU_METRIC_H
#include "elements.h"

struct iso_cpu_row { /* n predictions, and the target's class */
    const float *prediction;
    int64_t n, target;
    const void *params;
};
typedef int64_t ISO_CPU(row_metric)(const struct iso_cpu_row *);

/* Returns the class that x [n] predicts: the first maximum, or the first NaN; for a single number,
 * 1 if it is above a half. */
int64_t ISO_CPU(row_class)(const float *x, int64_t n);
size_t ISO_CPU(metric_workspace)(struct iso_backend *, const struct iso_call *, enum iso_pass);
/* Computes the number of each row, in the workspace. */
const int64_t *ISO_CPU(metric_rows)(struct iso_backend *, const struct iso_call *,
                                    ISO_CPU(row_metric) *);
/* Puts the sum of the rows' numbers in y[0]. */
iso_rc ISO_CPU(metric_sum)(struct iso_backend *, const struct iso_call *, ISO_CPU(row_metric) *);
#endif
