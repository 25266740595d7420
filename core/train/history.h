/* history.h: the numbers of a run as CSV files that grow: history.csv, a line per epoch
 * (with a column `phase` where the model has phases), and batches.csv, a line per step. Numbers are
 * those of the C locale; what there is not stays empty. */
#ifndef ISO_HISTORY_H
#define ISO_HISTORY_H
#include "fit.h"

struct iso_history;
/* Opens both files in folder. Of files that are there, lines up to epoch keep_epochs and step
 * keep_steps (counted from 1) are kept. What lacks some of them, or is another run's, is damaged:
 * it gets another name, NAME.damaged, and its lines that can be used stay. The graph is borrowed.
 * *out is set only on success. */
iso_rc iso_history_open(const char *folder, const struct iso_graph *, int64_t keep_epochs,
                        int64_t keep_steps, struct iso_history **out);
/* Returns what was damaged or gone, and where it is now: whole sentences but for the last full
 * stop; "": nothing. */
const char *iso_history_warning(const struct iso_history *);
/* Goes on with the graph of another phase, which has the same metrics. */
void iso_history_phase(struct iso_history *, const struct iso_graph *);
/* A step has the metrics that are a count of its rows. epoch counts from 1. */
iso_rc iso_history_batches(struct iso_history *, int64_t epoch, const struct iso_fit_batch *,
                           int n);
/* Also puts everything on the disk. */
iso_rc iso_history_epoch(struct iso_history *, const struct iso_fit_epoch *);
iso_rc iso_history_flush(struct iso_history *);
void iso_history_close(struct iso_history *); /* NULL is fine */
#endif
