/* metric.h: what the descriptors of metrics share: x = (predictions REAL [rows, classes], targets
 * I32 [rows] or REAL [rows, classes], whose first largest entry is the class). A single number in
 * place of one a class stands for the second of two, which it means above a half. */
#ifndef ISO_OP_METRIC_H
#define ISO_OP_METRIC_H
#include "infer.h"

/* y: REAL [1], the count of rows that hit. Fails where targets do not belong to predictions. */
iso_rc iso_metric_infer(const struct iso_shape *x, struct iso_shapes *out);
/* The cost of looking at each prediction once. */
void iso_metric_cost(const void *params, const struct iso_shape *x, enum iso_pass,
                     struct iso_cost *out);
#endif
