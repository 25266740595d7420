/* batch_sums.h: the sums of batch normalization over rows, for each channel. */
#ifndef ISO_CPU_BATCH_SUMS_H
#define ISO_CPU_BATCH_SUMS_H
#include "core/ops/batch_normalization.h"
#include "sums.h"

/* Bytes of workspace that either of the two below needs. */
size_t ISO_CPU(batch_sums_workspace)(const struct iso_bn_rows *);

/* mean = (row sum of x) / rows and square = row sum of (x - mean)^2, from the blocks' own means:
 * [channels]. */
void ISO_CPU(batch_statistics)(struct iso_team *, const struct iso_bn_rows *, const float *x,
                               float rows, float *mean, float *square, void *workspace);

/* sum = row sum of dy and product = row sum of dy (x - mean): [channels]. */
void ISO_CPU(batch_gradient_sums)(struct iso_team *, const struct iso_bn_rows *, const float *x,
                                  const float *dy, const float *mean, float *sum, float *product,
                                  void *workspace);
#endif
