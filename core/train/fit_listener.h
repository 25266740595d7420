/* fit_listener.h: where a training stands, and what its listeners are told. */
#ifndef ISO_FIT_LISTENER_H
#define ISO_FIT_LISTENER_H
#include "exec.h"
#include "learning_rate.h"
#include "scores.h"

#include <signal.h>

/* The state of a training: with weights, optimizer slots and the executor's counts, all that a
 * resumed run needs. */
struct iso_fit_state {
    int64_t epoch;              /* epochs done */
    int64_t epoch_step;         /* steps done in the epoch that has begun; all of them where
                                   training was stopped in its validation */
    int64_t step;               /* optimizer steps done in all */
    struct iso_scores scores;   /* of the epoch that has begun */
    double seconds;             /* spent on it */
    int64_t phase;              /* of the model's phases, from 0 */
    int64_t first_step;         /* where the optimizer's step count began */
    struct iso_plateau plateau; /* over the epochs of the phase */
    struct iso_stopping stopping;
};

/* metric: counts of its rows, of the metrics that are one count. */
struct iso_fit_batch {
    int64_t step;
    int64_t rows;
    double loss, metric[ISO_METRICS];
    double learning_rate;
};
struct iso_fit_progress {
    int64_t epoch, epochs;    /* from 1; epochs 0: only steps are counted */
    int64_t rows, epoch_rows; /* done of the epoch, and in all */
    double seconds;
    struct iso_scores scores; /* so far */
    const struct iso_fit_batch *batches;
    int nbatches; /* the steps since the last call */
};
struct iso_fit_epoch {
    int64_t epoch, epochs; /* from 1 */
    const char *phase;     /* its name; "" when there are none */
    bool trained;          /* all of its steps are done */
    bool whole;            /* false: stopped within it, or within its validation; there
                              is no validation then */
    bool validated;
    double seconds;           /* of training and validation */
    double images_per_second; /* of training alone */
    double learning_rate;     /* that the last step used */
    bool to_restore;          /* its weights are those that early stopping would restore */
    bool stopped;             /* early stopping ends the training after it */
    struct iso_scores train, validation;
};
struct iso_fit_options;
struct iso_warning;
struct iso_not_finite;
/* Called in turn; NULL members are left out. What fails ends the training with its code. */
struct iso_fit_listener {
    void *self;
    iso_rc (*progress)(void *self, const struct iso_fit_progress *); /* a few times a second */
    iso_rc (*epoch)(void *self, const struct iso_fit_epoch *, const struct iso_fit_state *);
    /* Within an epoch, every checkpoint_seconds; the executor is as the state says. */
    iso_rc (*checkpoint)(void *self, const struct iso_fit_state *);
    /* A warning (watch.h). If it also ends the training, the failure says it too. */
    iso_rc (*warning)(void *self, const struct iso_warning *);
    /* In a training that fails because of step `step`, from 0: finds the first tensor that is not
     * finite, see not_finite.h. `at`: where the training is. May use the executor as it likes. */
    iso_rc (*not_finite)(void *self, const struct iso_fit_options *, const struct iso_fit_state *at,
                         int64_t step, struct iso_not_finite *out);
};

struct iso_fit_options {
    int64_t epochs;                    /* in all, with those already done */
    int64_t until;                     /* return after so many of them; 0: after all */
    int64_t steps;                     /* optimizer steps in all, instead of epochs and without
                                          validation; 0: epochs count */
    int64_t rows, validation_rows;     /* of data sets 0 and 1 of the executor; 0: no validation */
    uint64_t seed;                     /* of the shuffles */
    double checkpoint_seconds;         /* between two checkpoints within an epoch; 0: none */
    const volatile sig_atomic_t *stop; /* not 0: end after the step that runs, or the validation's
                                          batch; may be NULL */
    const struct iso_fit_listener *listeners;
    int nlisteners;
};
#endif
