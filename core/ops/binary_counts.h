/* binary_counts.h: counts, for each column of predictions, the rows of each of four kinds.
 *
 *   y: I32 [columns, 4]; y[c, 2 t + p]: rows whose target in column c is above a half (t = 1) or
 * not (t = 0), and whose prediction is (p = 1) or not
 *
 * A target that is a class stands for 1 there and 0 elsewhere. x: as of every metric (metric.h). */
#ifndef ISO_OP_BINARY_COUNTS_H
#define ISO_OP_BINARY_COUNTS_H
#include "core/iso.h"
enum iso_binary_kind { ISO_TRUE_NO, ISO_FALSE_YES, ISO_FALSE_NO, ISO_TRUE_YES, ISO_BINARY_KINDS };
#endif
