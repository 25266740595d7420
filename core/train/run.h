/* run.h: a run's folder: model.yaml (the file as used), device.json, history.csv, batches.csv,
 * weights.safetensors (last), best.safetensors, state (for resuming), log.txt; classes.txt
 * (core/data/class_names.h) if the data name their classes, columns.txt if they name the columns of
 * a table (core/data/name_lines.h); run.json (run_json.h); and for data that stay on disk
 * train-images.crc32 and validation-images.crc32 (image_crc32.h). */
#ifndef ISO_RUN_H
#define ISO_RUN_H
#include "state.h"

struct iso_run;

/* Starts a run. folder NULL: runs/MODEL-NNN with the next free number. An existing folder must be
 * empty. From here on the run can be resumed whenever it is killed. */
iso_rc iso_run_start(const char *folder, struct iso_exec *, const struct iso_run_settings *,
                     struct iso_run **out);
/* Reads settings and state of the run in folder, whatever its arithmetic version
 * (iso_state_resumable). */
iso_rc iso_run_read(const char *folder, struct iso_run_settings *, struct iso_fit_state *);
/* Continues the run in folder: sets weights and slots of the executor, and truncates the files to
 * where the state was saved. settings: with the new goal; fit: as read by iso_run_read. If weights
 * do not fit, fails like iso_weights_load; the faults borrow folder. */
iso_rc iso_run_resume(const char *folder, struct iso_exec *, const struct iso_run_settings *,
                      const struct iso_fit_state *fit, struct iso_faults *, struct iso_run **out);
/* Sets weights, slots and counts of an executor to the state in folder, and writes nothing: for a
 * rank beside the one that resumes the run. fit: as read by iso_run_read; the faults borrow folder.
 */
iso_rc iso_run_follow(const char *folder, struct iso_exec *, const struct iso_fit_state *fit,
                      struct iso_faults *);
/* Continues with the executor of another phase. */
void iso_run_phase(struct iso_run *, struct iso_exec *);
/* With restore_best_weights, and if training has reached its goal, puts the weights of the best
 * epoch into the executor and weights.safetensors, and sets *restored to true. The state keeps the
 * last weights. */
iso_rc iso_run_restore(struct iso_run *, struct iso_faults *, bool *restored);
/* Saves the executor's weights, each its average now, as weights.safetensors. The state keeps the
 * weights of the last step. */
iso_rc iso_run_keep_average(struct iso_run *);
void iso_run_close(struct iso_run *); /* NULL is fine */

const char *iso_run_folder(const struct iso_run *);
/* Returns a text for the user that says what was wrong with the files of a resumed run; "":
 * nothing. */
const char *iso_run_warning(const struct iso_run *);
/* Saves the executor's weights and state as those of the training at *fit, an earlier one: for a
 * device whose later steps are not to be trusted. The executor may be another device's. */
iso_rc iso_run_go_back(struct iso_run *, struct iso_exec *, const struct iso_fit_state *fit);
/* Returns a listener that saves after every epoch, when training stops within one, and at
 * checkpoints: history, weights, the best weights, and the state last. Files are replaced as a
 * whole only, so that a state with all that it needs is there whenever the program dies. */
struct iso_fit_listener iso_run_listener(struct iso_run *);
/* Adds a line to log.txt. A write error is reported when the next epoch is saved. */
void iso_run_log(struct iso_run *, const char *line);
#endif
