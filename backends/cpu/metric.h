/* metric.h: what the metrics share: one whole number from each row, found side by side, and then
 * summed or counted, which takes no time. */
#ifndef ISO_CPU_METRIC_H
#define ISO_CPU_METRIC_H
#include "elements.h"

struct iso_cpu_row { /* n predictions, and the target's class */
    const float *prediction;
    int64_t n, target;
    const void *params;
};
typedef int64_t ISO_CPU(row_metric)(const struct iso_cpu_row *);

/* The class that x [n] means: its first maximum, of which the first NaN wins; of a single number,
 * whether it is above a half. */
int64_t ISO_CPU(row_class)(const float *x, int64_t n);
size_t ISO_CPU(metric_workspace)(struct iso_backend *, const struct iso_call *, enum iso_pass);
/* The number of each row, in the workspace. */
const int64_t *ISO_CPU(metric_rows)(struct iso_backend *, const struct iso_call *,
                                    ISO_CPU(row_metric) *);
/* Puts the sum of the rows' numbers in y[0]. */
iso_rc ISO_CPU(metric_sum)(struct iso_backend *, const struct iso_call *, ISO_CPU(row_metric) *);
#endif
