/* reproduce.h: a published experiment, trained in a run of its own below a folder, and its
 * published figures beside those of the run. */
#ifndef ISO_REPRODUCE_H
#define ISO_REPRODUCE_H
#include "figures.h"
#include "trainer.h"

struct iso_reproduction {
    char run[ISO_PATH]; /* the run's folder: out/MODEL */
    int64_t goal, done; /* total of epochs; epochs of the run so far, -1: no run */
};
/* Finds the model's run in the folder `out`. epochs: total to train; -1: the model file's. Fails
 * with ISO_EDATA if the run belongs to another model file or cannot be resumed, so that it is
 * neither taken for this model's nor overwritten. */
iso_rc iso_reproduction_find(const struct iso_model *, const char *out, int64_t epochs,
                             struct iso_reproduction *);
/* Returns the options that begin the run, or continue it to the goal. */
struct iso_trainer_options iso_reproduction_training(const struct iso_reproduction *,
                                                     const struct iso_job_options *);
/* Adds the figures of the run to the table: for each phase those of its history and, if the source
 * gives them, the number of parameters and the scores on the test data. The model must be open. */
iso_rc iso_reproduction_figures(struct iso_job *, const struct iso_reproduction *,
                                const struct iso_job_options *, struct iso_figures *);
#endif
