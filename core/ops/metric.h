/* metric.h: functions shared by the descriptors of metrics: x = (predictions REAL [rows, classes],
 * targets I32 [rows] or REAL [rows, classes], whose first largest entry is the class). A single
 * prediction per row, instead of one per class, stands for two classes: it predicts the second one
 * if it is above a half. */
#ifndef ISO_OP_METRIC_H
#define ISO_OP_METRIC_H
#include "infer.h"

/* y: REAL [1], the number of rows that are right. Fails if the shape of the targets does not fit
 * that of the predictions. */
iso_rc iso_metric_infer(const struct iso_shape *x, struct iso_shapes *out);
/* Computes the cost of reading each prediction once. */
void iso_metric_cost(const void *params, const struct iso_shape *x, enum iso_pass,
                     struct iso_cost *out);
#endif
