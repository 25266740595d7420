/* trainer_phases.h (private): declarations shared by the files trainer*.c. */
#ifndef ISO_TRAINER_PHASES_H
#define ISO_TRAINER_PHASES_H
#include "trainer.h"

/* Opens graph and executor of a phase, without weights and data. */
iso_rc iso_trainer_open_phase(struct iso_trainer *, int phase);
/* Gives the executor the data for training and validation. */
iso_rc iso_trainer_put_data(struct iso_trainer *);
/* trainer_resume.c: sets settings and state from the run's folder, and the options from those. Sets
 * path to the run's model file; `model`, if not NULL, must have the same content. */
iso_rc iso_trainer_read_run(struct iso_trainer *, const char *model, char path[ISO_PATH]);
/* Sets *same to true if the run's model file, at this path, has this text, except for lists of
 * numbers in place of `auto`. */
iso_rc iso_trainer_same_model(const char *text, const char *run_path, bool *same);
#endif
