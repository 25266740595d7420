/* fit.h: training epoch by epoch, and evaluation. Prints nothing and writes no file: listeners (a
 * console, a run folder) are told of all events. */
#ifndef ISO_FIT_H
#define ISO_FIT_H
#include "fit_listener.h"

enum { ISO_FIT_LOG_STEPS = 256 }; /* log_steps of an executor for iso_fit */

/* Trains from *state on and updates it to where training ended, complete or stopped. Fails with
 * ISO_EDATA, naming epoch and step, if the loss is not finite or, before listeners save them, if a
 * weight is not. */
iso_rc iso_fit(struct iso_exec *, const struct iso_fit_options *, struct iso_fit_state *state);

/* Returns true if a training is to end because *stop (may be NULL) is not 0; with ranks, if all of
 * them have agreed on that after a step, and whatever *stop is. */
bool iso_fit_told_to_stop(const struct iso_exec *, const volatile sig_atomic_t *stop);

/* Returns the number that history.csv has for an epoch in this column, a loss or a metric that is
 * one number; NaN if there is none. */
double iso_fit_number(const struct iso_graph *, const struct iso_fit_epoch *, const char *column);

/* Computes the scores of the current weights on the first rows of data set `which`. The executor
 * must have ISO_FIT_LOG_STEPS log_steps. Clears the executor's counts, so it must not be called
 * within an epoch. */
iso_rc iso_evaluate(struct iso_exec *, int which, int64_t rows, struct iso_scores *out);
#endif
