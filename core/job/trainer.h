/* trainer.h: a training from its model file to its last phase, kept in a run's folder: begins or
 * resumes the run, carries weights from phase to phase, saves, and ends with the weights that the
 * model file asks for. Prints nothing; listeners are called instead. */
#ifndef ISO_TRAINER_H
#define ISO_TRAINER_H
#include "core/train/image_crc32.h"
#include "core/train/run.h"
#include "job.h"
#include "verifier.h"

struct iso_trainer_options {
    struct iso_job_options job;
    int64_t epochs, steps;     /* totals; -1: those of the model file or the run */
    int64_t last_step;         /* end after this step as if stopped; 0: none */
    double checkpoint_minutes; /* between saves within an epoch; -1: the model file's; 0: none */
    const char *weights;       /* safetensors file to begin with; NULL: initialized */
    const char *run;           /* the run's folder; NULL: runs/MODEL-NNN, a new one */
    bool resume;               /* continue the run in that folder */
    const char *command;       /* the command that run.json records */
    struct iso_verify verify;  /* steps that another device computes again; zeroed: none */
    const volatile sig_atomic_t *stop; /* not 0: save and end after this step; may be NULL */
    struct iso_ranks *ranks; /* train together, each with the same options; rank 0 alone has a run,
                                and calls listeners; borrowed; NULL: none */
};
#define ISO_TRAINER_DEFAULTS                                                          \
    {                                                                                 \
        .job = ISO_JOB_DEFAULTS, .epochs = -1, .steps = -1, .checkpoint_minutes = -1, \
        .command = ""                                                                 \
    }

struct iso_trainer { /* owns its members, except the texts of the options */
    struct iso_trainer_options options;
    struct iso_job job; /* graph and executor are those of the current phase */
    struct iso_run_settings settings;
    struct iso_fit_state state;
    struct iso_about about; /* the entries of run.json */
    struct iso_run *run;    /* NULL before iso_trainer_begin, and on ranks but the first */
    struct iso_image_sums sums;
    struct iso_verifier *verifier;   /* NULL: none */
    struct iso_exec_traffic traffic; /* messages of ranks in the phases before */
    char device[128];                /* the device of this rank, if there are several */
};

/* Callbacks, each of which may be NULL. A callback that fails ends the training with its code. */
struct iso_trainer_listener {
    void *self;
    /* Called when a phase begins, including the first. */
    iso_rc (*phase)(void *self, const struct iso_trainer *);
    /* Called before (kept NULL) and after (not NULL) the layers that are not trained run, once for
     * each image. */
    iso_rc (*features)(void *self, const struct iso_trainer *, const struct iso_kept *kept);
    /* Called after the run's folder has been saved: after an epoch, or at a checkpoint. */
    iso_rc (*saved)(void *self, const struct iso_fit_state *);
    /* Called after the weights of the best epoch have been restored in the executor and the run's
     * folder. */
    iso_rc (*restored)(void *self, const struct iso_trainer *);
    struct iso_fit_listener fit; /* steps, epochs, warnings; has its own self */
};

/* Opens model, device, data and the executor of every remaining phase, so that an error in any of
 * them is found before the first step. For a resumed run, sets the options on which its numbers
 * depend to those of the run. model: the model file; NULL: the run's own. Writes nothing. Fails
 * with ISO_EUSAGE if options contradict the run. */
iso_rc iso_trainer_open(struct iso_trainer *, const struct iso_trainer_options *,
                        const char *model);
/* Makes the run's folder, or continues in the existing one. Ranks fail if they do not all have the
 * same model, data, settings and weights. */
iso_rc iso_trainer_begin(struct iso_trainer *);
/* Returns true if there is nothing left to train. */
bool iso_trainer_reached_goal(const struct iso_trainer *);
/* Returns the messages of ranks, and what they have compared, in all phases so far. */
struct iso_exec_traffic iso_trainer_traffic(const struct iso_trainer *);
/* Trains phase after phase until the goal is reached or *stop is set; then, at the goal, restores
 * the best epoch if the model file says so. Fails with ISO_EPARITY if a verification finds that the
 * device strays: the run then stands before the step that was wrong, as does the state. */
iso_rc iso_trainer_run(struct iso_trainer *, const struct iso_trainer_listener *);
/* Records in run.json how the training ended: rc is the code that the functions above returned.
 * Clears their message. */
void iso_trainer_end(const struct iso_trainer *, iso_rc rc);
void iso_trainer_close(struct iso_trainer *); /* closes everything that is open */

#endif
