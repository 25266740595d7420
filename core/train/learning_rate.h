/* learning_rate.h: the learning rate of a step, and the decisions that depend on the numbers of the
 * epochs: reducing the rate on a plateau, early stopping. */
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

struct iso_watch {       /* history of a monitored number; zeroed: no epoch yet */
    int64_t begun, wait; /* wait: epochs since the best one */
    double best;
};
struct iso_plateau {
    struct iso_watch watch;
    int64_t cooldown;
    double rate; /* 0: not reduced */
};
struct iso_stopping {
    struct iso_watch watch;
    int64_t stopped;
};

/* Returns true if a higher monitored number is better. */
bool iso_monitor_rises(const struct iso_monitor *);
/* Counts an epoch with this value, NaN for none. rate: the rate after the warm-up. */
void iso_plateau_epoch(const struct iso_schedule *, double value, double rate,
                       struct iso_plateau *);
/* Counts epoch `epoch`, from 0. Returns true if its weights are the ones to restore. */
bool iso_stopping_epoch(const struct iso_early_stopping *, int64_t epoch, double value,
                        struct iso_stopping *);
#endif
