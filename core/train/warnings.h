/* warnings.h: detects faults that do not end a training, from the numbers of its epochs and the
 * values of the last batch in the executor's memory. Warns of each fault once, changes no number of
 * the training, and does nothing within a step. */
#ifndef ISO_WARNINGS_H
#define ISO_WARNINGS_H
#include "fit_listener.h"

struct iso_warning {
    const char *kind;     /* at_chance, dead_relu, loss_explodes, loss_rises, validation_not_finite,
                             not_finite; for a resumed run also history_damaged */
    char layer[ISO_NAME]; /* the layer concerned; "": none */
    int64_t epoch, step;  /* epoch from 1; step: steps done */
    char text[512];       /* text for the user: the fault, and what to try */
};
typedef iso_rc iso_warned(void *self, const struct iso_warning *);

struct iso_watcher;
/* Makes a watcher for a training on this executor, which is borrowed. */
iso_rc iso_watcher_new(struct iso_exec *, struct iso_watcher **out);
void iso_watcher_free(struct iso_watcher *); /* NULL is fine */
/* Records the loss of a step; later losses are compared with the first one. */
void iso_watcher_step(struct iso_watcher *, double loss);
/* Checks the values of the last batch. */
iso_rc iso_watcher_values(struct iso_watcher *);
/* Checks a whole epoch, which ended after `step` steps in total, and calls warned for each new
 * fault. */
iso_rc iso_watcher_epoch(struct iso_watcher *, const struct iso_fit_epoch *, int64_t step,
                         iso_warned *, void *self);
#endif
