/* fit_log.h (private): the log of a training or an evaluation: each step's loss and metrics stay on
 * the device until some steps have been run, because a read waits for them. */
#ifndef ISO_FIT_LOG_H
#define ISO_FIT_LOG_H
#include "fit.h"

/* double [ISO_FIT_LOG_STEPS, graph->columns]; the caller's to free; NULL: out of memory. */
double *iso_fit_log_new(const struct iso_graph *);
/* Entry i of the log, as a batch of so many rows. */
struct iso_fit_batch iso_fit_log_entry(const struct iso_graph *, const double *log, int64_t i,
                                       int64_t rows);
void iso_fit_log_add(struct iso_scores *, const struct iso_fit_batch *);

/* How many steps are run between two reads, at most ISO_FIT_LOG_STEPS: as many as take about a
 * quarter of a second, so that nobody waits much longer for what happens at a read. */
struct iso_fit_pace {
    int64_t interval;
    double read_at;
};
void iso_fit_pace_begin(struct iso_fit_pace *);
/* After a read of n > 0 steps. The steps between two reads are at most four times as many as before
 * them. */
void iso_fit_pace_read(struct iso_fit_pace *, int64_t n);

/* As iso_evaluate, with a log of the caller's. Where *stop is not 0 (NULL: never), ends within a
 * batch or two, and *out has fewer rows. */
iso_rc iso_evaluate_with(struct iso_exec *, int which, int64_t rows, double *log,
                         const volatile sig_atomic_t *stop, struct iso_scores *out);
#endif
