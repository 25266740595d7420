/* history.h: the numbers of a run as growing CSV files: history.csv, a line per epoch (with a
 * column `phase` if the model has phases), and batches.csv, a line per step. Numbers have the C
 * locale's format; a missing number is an empty cell. */
#ifndef ISO_HISTORY_H
#define ISO_HISTORY_H
#include "fit.h"

struct iso_history;
/* Opens both files in folder. Keeps the lines of existing files up to epoch keep_epochs and step
 * keep_steps (counted from 1). A file that lacks some of these lines, or belongs to another run, is
 * damaged: it is renamed to NAME.damaged, and its usable lines are kept. The graph is borrowed.
 * *out is set only on success. */
iso_rc iso_history_open(const char *folder, const struct iso_graph *, int64_t keep_epochs,
                        int64_t keep_steps, struct iso_history **out);
/* Returns sentences that say what was damaged or missing and where it is now, without the last full
 * stop; "": nothing was. */
const char *iso_history_warning(const struct iso_history *);
/* Continues with the graph of another phase, which has the same metrics. */
void iso_history_phase(struct iso_history *, const struct iso_graph *);
/* Adds a line per step, with the metrics that are a count over the rows. epoch counts from 1. */
iso_rc iso_history_batches(struct iso_history *, int64_t epoch, const struct iso_fit_batch *,
                           int n);
/* Adds an epoch's line and syncs both files. */
iso_rc iso_history_epoch(struct iso_history *, const struct iso_fit_epoch *);
iso_rc iso_history_flush(struct iso_history *);
void iso_history_close(struct iso_history *); /* NULL is fine */
#endif
