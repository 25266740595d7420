/* run.h: a run's folder: model.yaml (the file as used), device.json, history.csv, batches.csv,
 * weights.safetensors (last), best.safetensors, state (for resuming), log.txt; and classes.txt
 * (core/data/class_names.h) where the data name their classes. */
#ifndef ISO_RUN_H
#define ISO_RUN_H
#include "../file.h"
#include "fit.h"

struct iso_run_settings {              /* what a resumed run shares with its beginning */
    uint64_t seed;
    int64_t batch, limit, rows, validation_rows;       /* limit 0: all rows */
    int64_t epochs, steps;             /* the goal; may be raised when resuming */
    int64_t fast;                      /* 1: fast mode, 0: exact */
};
struct iso_run;

/* Starts a run. folder NULL: runs/MODEL-NNN, the next free number; one that is there must be
 * empty. */
iso_rc iso_run_start(const char *folder, struct iso_exec *, const struct iso_run_settings *,
                     struct iso_run **out);
/* Settings and state of the run in folder. */
iso_rc iso_run_read(const char *folder, struct iso_run_settings *, struct iso_fit_state *);
/* Goes on with the run in folder: sets weights and slots of the executor, and cuts the files back
 * to where the state was saved. settings: with the new goal. When weights do not fit, as
 * iso_weights_load; the faults borrow folder. */
iso_rc iso_run_resume(const char *folder, struct iso_exec *, const struct iso_run_settings *,
                      struct iso_faults *, struct iso_run **out);
/* Goes on with the executor of another phase. */
void iso_run_phase(struct iso_run *, struct iso_exec *);
/* With restore_best_weights, when training has reached its goal: puts the weights of the best epoch
 * into the executor and weights.safetensors. The state keeps the last ones. */
iso_rc iso_run_restore(struct iso_run *, struct iso_faults *);
void iso_run_close(struct iso_run *);                          /* NULL is fine */

const char *iso_run_folder(const struct iso_run *);
/* Saves after every epoch, and where training stops within one. */
struct iso_fit_listener iso_run_listener(struct iso_run *);
/* Adds a line to log.txt. What cannot be written shows when the next epoch is saved. */
void iso_run_log(struct iso_run *, const char *line);
#endif
