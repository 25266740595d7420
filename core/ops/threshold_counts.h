/* threshold_counts.h: counts predictions by the number of thresholds below them
 * (core/arithmetic/thresholds.h).
 *
 *   y: I32 [2, 201]; y[t, k]: elements whose target is 0 (t = 0) or not (t = 1), and whose
 *   prediction is above k thresholds
 *
 * Each class of each row is an element, as in Keras's AUC with multi_label=False; a target that is
 * a class stands for 1 there and 0 elsewhere. x: as of every metric (metric.h). */
#ifndef ISO_OP_THRESHOLD_COUNTS_H
#define ISO_OP_THRESHOLD_COUNTS_H
#include "core/iso.h"
#include "core/arithmetic/thresholds.h"
enum { ISO_THRESHOLD_COLUMNS = ISO_THRESHOLDS + 1 };
#endif
