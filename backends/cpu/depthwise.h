/* depthwise.h: the gradient of a depthwise kernel (depthwise_weights.c), for depthwise_conv2d.c. */
#ifndef ISO_CPU_DEPTHWISE_H
#define ISO_CPU_DEPTHWISE_H
#include "core/ops/window.h"
#include "cpu.h"

/* Computes dkernel [kh, kw, channels] from x [n, h, w, channels] and dy [n, oh, ow, channels], or
 * adds the gradient to it. With a depth multiplier above 1, the caller spreads x to the channels of
 * dy first. The workspace, a whole number of floats, holds the sums of groups. */
size_t ISO_CPU(depthwise_weights_workspace)(const struct iso_window *, int64_t channels,
                                            int threads);
void ISO_CPU(depthwise_weights)(struct iso_team *, const struct iso_window *, int64_t channels,
                                const float *x, const float *dy, bool add, float *dkernel,
                                void *workspace);
#endif
