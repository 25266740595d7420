/* fit.h: training epoch by epoch, and evaluation. Prints nothing and writes nothing: what happens
 * is told to listeners (a console, a run folder). */
#ifndef ISO_FIT_H
#define ISO_FIT_H
#include "fit_listener.h"

enum { ISO_FIT_LOG_STEPS = 256 }; /* log_steps for the executor that is given to iso_fit */

/* Trains from *state on and leaves it where training ended: all done, or stopped. Fails with
 * ISO_EDATA, naming epoch and step, when the loss is no longer finite; and where listeners would
 * save them, when weights are not. */
iso_rc iso_fit(struct iso_exec *, const struct iso_fit_options *, struct iso_fit_state *state);

/* The number of an epoch that history.csv has in the column of this name, a loss or a metric that
 * is one number; NaN when it has none. */
double iso_fit_number(const struct iso_graph *, const struct iso_fit_epoch *, const char *column);

/* Scores of the model as it is on rows of data set `which`. Needs ISO_FIT_LOG_STEPS log_steps.
 * Begins the executor's counts anew: not for the middle of an epoch. */
iso_rc iso_evaluate(struct iso_exec *, int which, int64_t rows, struct iso_scores *out);
#endif
