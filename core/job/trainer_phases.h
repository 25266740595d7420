/* trainer_phases.h (private): what the files trainer*.c share. */
#ifndef ISO_TRAINER_PHASES_H
#define ISO_TRAINER_PHASES_H
#include "trainer.h"

/* Opens graph and executor of a phase; weights and data are not there yet. */
iso_rc iso_trainer_open_phase(struct iso_trainer *, int phase);
/* Gives the executor the data that are trained on and validated. */
iso_rc iso_trainer_put_data(struct iso_trainer *);
/* trainer_resume.c: sets settings and state from the run's folder, and the options from those;
 * *path becomes the run's model file, which `model` must be where it is not NULL. */
iso_rc iso_trainer_read_run(struct iso_trainer *, const char *model, char path[ISO_PATH]);
/* *same: true if the run's model file, at this path, has this text, but for the lists of numbers
 * that it has in place of `auto`. */
iso_rc iso_trainer_same_model(const char *text, const char *run_path, bool *same);
#endif
