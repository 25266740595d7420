/* not_finite.h: where numbers first stop being finite, as a training that has failed asks. Nobody
 * asks while it goes well: nothing here is called within a step. */
#ifndef ISO_NOT_FINITE_H
#define ISO_NOT_FINITE_H
#include "fit.h"

struct iso_not_finite {        /* the first tensor that is not finite */
    char tensor[ISO_NAME + 2]; /* conv2d_1/y, d/dense_1/kernel; "": none was found */
    char layer[ISO_NAME];      /* "" for what belongs to none, such as the loss */
    const char *where;         /* "in the forward pass", ...: of the step */
    int64_t step;              /* from 1 */
};
/* The first weight, by name, that holds a number that is not finite; *out NULL: all are fine. Reads
 * all weights from the device, piece by piece. */
iso_rc iso_not_finite_weight(struct iso_exec *, const char **out);
/* Trains again from *state, whose weights and slots are in the executor, to `step` (from 0) of the
 * same epoch; of the step before it and of it every tensor is looked at, call by call. options:
 * those of the training. Leaves *out as it is when nothing is found, or *options->stop is set. */
iso_rc iso_not_finite_find(struct iso_exec *, const struct iso_fit_options *options,
                           struct iso_fit_state *state, int64_t step, struct iso_not_finite *out);
#endif
