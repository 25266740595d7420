/* watch.h: what goes wrong in a training without ending it, judged from the numbers of its epochs
 * and from what the last batch has left in the executor's memory. Warns of each thing once, changes
 * no number of the training, and costs nothing within a step. */
#ifndef ISO_WATCH_H
#define ISO_WATCH_H
#include "fit_listener.h"

struct iso_warning {
    const char *kind;     /* at_chance, dead_relu, loss_explodes, loss_rises,
                             validation_not_finite, not_finite; of a run that
                             goes on, history_damaged */
    char layer[ISO_NAME]; /* that it is about; "": none */
    int64_t epoch, step;  /* epoch from 1; step: steps done */
    char text[512];       /* what is wrong, and what to try */
};
typedef iso_rc iso_warned(void *self, const struct iso_warning *);

struct iso_watcher;
/* For a training on this executor, which is borrowed. */
iso_rc iso_watcher_new(struct iso_exec *, struct iso_watcher **out);
void iso_watcher_free(struct iso_watcher *); /* NULL is fine */
/* The loss of a step; the first one is what later losses are compared with. */
void iso_watcher_step(struct iso_watcher *, double loss);
/* Looks at the values of the last batch. */
iso_rc iso_watcher_values(struct iso_watcher *);
/* Judges a whole epoch, after which so many steps are done, and tells what is wrong. */
iso_rc iso_watcher_epoch(struct iso_watcher *, const struct iso_fit_epoch *, int64_t step,
                         iso_warned *, void *self);
#endif
