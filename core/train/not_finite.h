/* not_finite.h: where numbers first stop being finite, as a training that has failed asks. Nobody
 * asks while it goes well: nothing here is called within a step. */
#ifndef ISO_NOT_FINITE_H
#define ISO_NOT_FINITE_H
#include "finite.h"
#include "fit_listener.h"

/* Trains again from *state, whose weights and slots are in the executor, to `step` (from 0) of the
 * same epoch; of the step before it and of it every tensor is looked at, call by call. options:
 * those of the training. Leaves *out as it is when nothing is found, or *options->stop is set. */
iso_rc iso_not_finite_find(struct iso_exec *, const struct iso_fit_options *options,
                           struct iso_fit_state *state, int64_t step, struct iso_not_finite *out);
#endif
