/* learning_rate.h: the learning rate of a step. early_stopping.h reduces it on a plateau. */
#ifndef ISO_LEARNING_RATE_H
#define ISO_LEARNING_RATE_H
#include "core/model/model.h"

/* Returns the rate of a step, counted from 0. initial: the optimizer's learning_rate, or the rate
 * to which plateaus have reduced it; epoch_steps: steps per epoch. Has the same bits on every
 * machine. */
double iso_schedule_rate(const struct iso_schedule *, double initial, int64_t epoch_steps,
                         uint64_t step);

/* Returns the rate for iso_exec_update at this step, by the phase's schedule. reduced: the rate to
 * which plateaus have reduced the optimizer's learning_rate; 0: never reduced. */
double iso_training_rate(const struct iso_training *, double reduced, int64_t epoch_steps,
                         uint64_t step);
/* Like iso_training_rate for steps outside any epoch: a schedule that counts epochs counts each
 * step as one. */
double iso_training_rate_alone(const struct iso_training *, uint64_t step);
/* Returns the rate that the update then uses, after the optimizer's own decay. */
double iso_training_rate_used(const struct iso_training *, double rate, uint64_t step);
#endif
