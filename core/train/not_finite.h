/* not_finite.h: finds the first tensor that is not finite, for a training that has failed. Nothing
 * here runs in a training that succeeds. */
#ifndef ISO_NOT_FINITE_H
#define ISO_NOT_FINITE_H
#include "finite.h"
#include "fit_listener.h"

/* Trains again from *state, whose weights and slots are in the executor, to `step` (from 0) of the
 * same epoch; in that step and the one before, checks every tensor, call by call. options: the
 * training's. Leaves *out as it is if nothing is found or *options->stop is set. */
iso_rc iso_not_finite_find(struct iso_exec *, const struct iso_fit_options *options,
                           struct iso_fit_state *state, int64_t step, struct iso_not_finite *out);
#endif
