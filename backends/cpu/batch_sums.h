/* batch_sums.h: the sums of batch normalization over rows, for each channel. */
#ifndef ISO_CPU_BATCH_SUMS_H
#define ISO_CPU_BATCH_SUMS_H
#include "core/ops/batch_normalization.h"
#include "sums.h"

/* Returns the bytes of workspace for either of the two functions below. */
size_t ISO_CPU(batch_sums_workspace)(const struct iso_bn_rows *);

/* Computes sum = row sum of x, mean = sum / rows and square = row sum of (x - mean)^2, through the
 * blocks' own means: [channels]. */
void ISO_CPU(batch_statistics)(struct iso_team *, const struct iso_bn_rows *, const float *x,
                               float rows, float *sum, float *mean, float *square, void *workspace);

/* Selects the gradients that reach batch normalization through a relu after it: all without a relu;
 * otherwise those whose relu result, or whose input to the relu, computed again, is above 0. */
enum iso_cpu_pass { ISO_CPU_PASS_ALL, ISO_CPU_PASS_BY_RESULT, ISO_CPU_PASS_BY_INPUT };
struct iso_cpu_bn_gradients {
    enum iso_cpu_pass pass;
    const float *x, *dy, *y;           /* y: the relu's result; only BY_RESULT reads it */
    const float *mean, *factor, *beta; /* [channels]; only BY_INPUT reads the last two */
    float *passed; /* BY_RESULT: receives the gradients that pass, +0 elsewhere; NULL: not wanted */
};
/* Computes sum = row sum of dy and product = row sum of dy (x - mean), over the gradients that
 * pass: [channels]. */
void ISO_CPU(batch_gradient_sums)(struct iso_team *, const struct iso_bn_rows *,
                                  const struct iso_cpu_bn_gradients *, float *sum, float *product,
                                  void *workspace);
#endif
