/* second_step.h (private): the steps of a span, computed again on a second device from the state
 * before them. */
#ifndef ISO_SECOND_STEP_H
#define ISO_SECOND_STEP_H
#include "core/train/carry.h"
#include "core/train/fit.h"
#include "core/train/imprint.h"
#include "job.h"

struct iso_second {
    struct iso_backend *backend;
    struct iso_exec *exec;      /* has the job's graph; NULL: not made yet */
    struct iso_exec *kept;      /* in fast mode, of the first device, with keep_all; or NULL */
    struct iso_fit_state from;  /* before the span */
    struct iso_carried *before; /* weights and slots then */
    double *counts;             /* counts of metrics then, [graph->ncounts]; NULL: none */
    struct iso_fit_batch *told; /* loss and metrics of the span's steps, as the device has them */
    int64_t ntold, room;
    struct iso_dataset rows; /* the rows of one batch */
};
/* Returns true if the job's device may round sums in another order. */
bool iso_second_is_fast(const struct iso_job *);
/* Keeps the state of the job's executor. */
iso_rc iso_second_begin(struct iso_second *, struct iso_job *, const struct iso_fit_state *);
/* Keeps what the device has logged of steps, if they are of the span. */
iso_rc iso_second_told(struct iso_second *, const struct iso_fit_batch *, int64_t n);
/* Computes the span's steps again. Leaves `what` empty if all fits; otherwise writes a sentence
 * that names step, layer, op and pass, and the job's executor has changed. */
iso_rc iso_second_compare(struct iso_second *, struct iso_job *, const struct iso_fit_span *,
                          char *what, size_t n);
/* Sets the second device's executor to the state before the span. */
iso_rc iso_second_restore(struct iso_second *);
/* Frees all but the backend. */
void iso_second_close(struct iso_second *);
#endif
