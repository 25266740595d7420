/* learning_rate.h: the learning rate of a step, and what follows from the numbers of the epochs. */
#ifndef ISO_LEARNING_RATE_H
#define ISO_LEARNING_RATE_H
#include "core/model/model.h"

/* The rate of a step, from 0. initial: the optimizer's learning_rate, or what reductions on a
 * plateau have left of it; epoch_steps: steps of an epoch. The same bits on every machine. */
double iso_schedule_rate(const struct iso_schedule *, double initial, int64_t epoch_steps,
                         uint64_t step);

/* The rate to hand to iso_exec_update at this step: that of the phase's schedule. reduced: what
 * reductions on a plateau have left of the optimizer's learning_rate; 0: never reduced. */
double iso_training_rate(const struct iso_training *, double reduced, int64_t epoch_steps,
                         uint64_t step);
/* The same for steps that belong to no epoch: a schedule that counts epochs takes each for one. */
double iso_training_rate_alone(const struct iso_training *, uint64_t step);
/* The rate that the update then uses: what the optimizer's own decay leaves of it. */
double iso_training_rate_used(const struct iso_training *, double rate, uint64_t step);

struct iso_watch {       /* how a monitored number has gone; zeroed: no epoch yet */
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

/* True if more of the monitored number is better. */
bool iso_monitor_rises(const struct iso_monitor *);
/* Counts an epoch with this value, NaN for none. rate: the one after the warm-up. */
void iso_plateau_epoch(const struct iso_schedule *, double value, double rate,
                       struct iso_plateau *);
/* Counts epoch `epoch`, from 0. Returns whether its weights are the ones to restore. */
bool iso_stopping_epoch(const struct iso_early_stopping *, int64_t epoch, double value,
                        struct iso_stopping *);
#endif
