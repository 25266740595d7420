/* early_stopping.h: the decisions that depend on a monitored number of the epochs: early stopping,
 * and reducing the learning rate on a plateau. */
#ifndef ISO_EARLY_STOPPING_H
#define ISO_EARLY_STOPPING_H
#include "core/model/model.h"

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
