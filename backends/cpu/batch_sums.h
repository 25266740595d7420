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

/* Which gradients reach batch normalization through a relu behind it: all where there is none,
 * otherwise those where the relu's result is above 0, or what it was given, computed anew. */
enum iso_cpu_pass { ISO_CPU_PASS_ALL, ISO_CPU_PASS_BY_RESULT, ISO_CPU_PASS_BY_INPUT };
struct iso_cpu_bn_gradients {
    enum iso_cpu_pass pass;
    const float *x, *dy, *y;           /* y: the relu's result; only BY_RESULT reads it */
    const float *mean, *factor, *beta; /* [channels]; only BY_INPUT reads the last two */
    float
        *passed; /* BY_RESULT: takes the gradients that pass, and +0 elsewhere; NULL: not wanted */
};
/* sum = row sum of dy and product = row sum of dy (x - mean), of those that pass: [channels]. */
void ISO_CPU(batch_gradient_sums)(struct iso_team *, const struct iso_bn_rows *,
                                  const struct iso_cpu_bn_gradients *, float *sum, float *product,
                                  void *workspace);
#endif
