/* trainer.h: a training from its model file to its last phase, kept in a run's folder: it begins or
 * goes on with the run, carries weights from phase to phase, saves, and ends with the weights that
 * the model file asks for. Prints nothing: listeners are told. */
#ifndef ISO_TRAINER_H
#define ISO_TRAINER_H
#include "core/train/image_crc32.h"
#include "job.h"

struct iso_trainer_options {
    struct iso_job_options job;
    int64_t epochs, steps;             /* in all; -1: as the model file, or the run, says */
    double checkpoint_minutes;         /* between saves within an epoch; -1: as the model file
                                          says; 0: none */
    const char *weights;               /* safetensors file to begin with; NULL: initialized */
    const char *run;                   /* the run's folder; NULL: runs/MODEL-NNN, a new one */
    bool resume;                       /* goes on with the run in that folder */
    const char *command;               /* what run.json says that started the training */
    const volatile sig_atomic_t *stop; /* not 0: save and end after this step; may be NULL */
};
#define ISO_TRAINER_DEFAULTS                                                          \
    {                                                                                 \
        .job = ISO_JOB_DEFAULTS, .epochs = -1, .steps = -1, .checkpoint_minutes = -1, \
        .command = ""                                                                 \
    }

struct iso_trainer { /* owns all it names, the options' texts not */
    struct iso_trainer_options options;
    struct iso_job job; /* graph and executor are those of the phase that is trained */
    struct iso_run_settings settings;
    struct iso_fit_state state;
    struct iso_about about; /* what run.json says of it */
    struct iso_run *run;    /* NULL before iso_trainer_begin */
    struct iso_image_sums sums;
};

/* Functions are called in turn; NULL members are left out. What fails ends the training with its
 * code. */
struct iso_trainer_listener {
    void *self;
    /* A phase begins, the first one too. */
    iso_rc (*phase)(void *self, const struct iso_trainer *);
    /* The layers that are not trained are about to run, once for each image (kept NULL), or have
     * run (not NULL). */
    iso_rc (*features)(void *self, const struct iso_trainer *, const struct iso_kept *kept);
    /* The run's folder holds the training as it stands: after an epoch, or at a checkpoint. */
    iso_rc (*saved)(void *self, const struct iso_fit_state *);
    /* The weights of the best epoch are back in the executor and in the run's folder. */
    iso_rc (*restored)(void *self, const struct iso_trainer *);
    struct iso_fit_listener fit; /* steps, epochs, warnings; its self is its own */
};

/* Opens model, device, data and the executor of every phase that is to come, so that what is wrong
 * with one is known before the first step; of a run that is resumed the options take what its
 * numbers depend on. model: the model file; NULL: the run's own. Writes nothing. Fails with
 * ISO_EUSAGE for options that contradict the run. */
iso_rc iso_trainer_open(struct iso_trainer *, const struct iso_trainer_options *,
                        const char *model);
/* Makes the run's folder, or takes up the one that is there. */
iso_rc iso_trainer_begin(struct iso_trainer *);
/* True if there is nothing left to train. */
bool iso_trainer_reached_goal(const struct iso_trainer *);
/* Trains phase after phase until the goal is reached or *stop is set; then, at the goal, restores
 * the best epoch where the model file says so. */
iso_rc iso_trainer_run(struct iso_trainer *, const struct iso_trainer_listener *);
/* Writes to run.json how the training ended: rc is what the functions above returned. Takes their
 * message. */
void iso_trainer_end(const struct iso_trainer *, iso_rc rc);
void iso_trainer_close(struct iso_trainer *); /* whatever was opened */

#endif
