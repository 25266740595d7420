/* reproduce.h: a published experiment, trained in a run of its own below a folder, and its source's
 * figures beside those that the run has reached. */
#ifndef ISO_REPRODUCE_H
#define ISO_REPRODUCE_H
#include "figures.h"
#include "trainer.h"

struct iso_reproduction {
    char run[ISO_PATH]; /* its folder: out/MODEL */
    int64_t goal, done; /* epochs in all; those that the run has, -1: there is no run */
};
/* Finds the model's run in the folder `out`. epochs: to train in all; -1: as the model file says.
 * Fails with ISO_EDATA where the run is another model file's, or could not be resumed: it is not to
 * be mistaken for this model's, nor trained over. */
iso_rc iso_reproduction_find(const struct iso_model *, const char *out, int64_t epochs,
                             struct iso_reproduction *);
/* Returns the options that begin the run, or go on with it to the goal. */
struct iso_trainer_options iso_reproduction_training(const struct iso_reproduction *,
                                                     const struct iso_job_options *);
/* Adds the figures of the run to the table: of each phase those of its history, and, where the
 * source has them, the number of parameters and the scores on the test data. The model is open. */
iso_rc iso_reproduction_figures(struct iso_job *, const struct iso_reproduction *,
                                const struct iso_job_options *, struct iso_figures *);
#endif
