/* optimizer.h: functions shared by the descriptors of optimizers. */
#ifndef ISO_OP_OPTIMIZER_H
#define ISO_OP_OPTIMIZER_H
#include "core/arithmetic/exact.h"
#include "core/iso.h"

/* The names of enum iso_epsilon_placement (core/arithmetic/optimizers.h), for a field's choices. */
extern const char *const iso_epsilon_placements[];

/* Infers no tensors: an optimizer's state is laid out like the weight. */
iso_rc iso_optimizer_infer(const void *params, const struct iso_shape *x, struct iso_shapes *out);
/* x[0]: the weight's shape. Weight, gradient and slots are read; weight and slots are written. */
void iso_optimizer_cost(const struct iso_shape *x, double flops, int slots, struct iso_cost *out);
/* Fails unless both decays, of Adam or a relative of it, are below 1. */
iso_rc iso_expect_betas(double beta_1, double beta_2);
#endif
