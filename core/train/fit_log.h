/* fit_log.h (private): the log of a training or an evaluation: loss and metrics stay on the device
 * for several steps, because a read waits until those have run. */
#ifndef ISO_FIT_LOG_H
#define ISO_FIT_LOG_H
#include "fit.h"

/* Returns a log, double [ISO_FIT_LOG_STEPS, graph->columns], to be freed with free(), or NULL if
 * out of memory. */
double *iso_fit_log_new(const struct iso_graph *);
/* Returns entry i of the log, as a batch of `rows` rows. */
struct iso_fit_batch iso_fit_log_entry(const struct iso_graph *, const double *log, int64_t i,
                                       int64_t rows);
void iso_fit_log_add(struct iso_scores *, const struct iso_fit_batch *);

/* The number of steps between two reads: as many as take about a quarter of a second, at most
 * ISO_FIT_LOG_STEPS, so that progress and a request to stop are not delayed much longer. */
struct iso_fit_pace {
    int64_t interval;
    double read_at;
};
void iso_fit_pace_begin(struct iso_fit_pace *);
/* Adapts the interval after a read of n > 0 steps. It grows by a factor of at most 4. */
void iso_fit_pace_read(struct iso_fit_pace *, int64_t n);

/* Like iso_evaluate, with the caller's log. When *stop (may be NULL) becomes nonzero, ends within a
 * batch or two, and *out has fewer rows. */
iso_rc iso_evaluate_with(struct iso_exec *, int which, int64_t rows, double *log,
                         const volatile sig_atomic_t *stop, struct iso_scores *out);
#endif
