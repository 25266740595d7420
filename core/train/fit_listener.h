/* fit_listener.h: the state of a training, and the events that its listeners are told of. */
#ifndef ISO_FIT_LISTENER_H
#define ISO_FIT_LISTENER_H
#include "exec.h"
#include "early_stopping.h"
#include "scores.h"

#include <signal.h>

/* The state of a training. Together with weights, optimizer slots and the executor's counts, it is
 * all that a resumed run needs. */
struct iso_fit_state {
    int64_t epoch;      /* complete epochs */
    int64_t epoch_step; /* steps done in the current epoch; all of them if training was stopped
                           during its validation */
    int64_t step;       /* optimizer steps done in total */
    struct iso_scores scores;   /* scores of the current epoch so far */
    double seconds;             /* spent on the current epoch */
    int64_t phase;              /* index among the model's phases */
    int64_t first_step;         /* step at which the optimizer's own count began */
    struct iso_plateau plateau; /* over the epochs of the phase */
    struct iso_stopping stopping;
};

/* metric: the counts of the metrics that are a single count over the rows. */
struct iso_fit_batch {
    int64_t step;
    int64_t rows;
    double loss, metric[ISO_METRICS];
    double learning_rate;
};
struct iso_fit_progress {
    int64_t epoch, epochs;    /* from 1; epochs 0: only steps are counted */
    int64_t rows, epoch_rows; /* rows done in the epoch, and its total */
    double seconds;
    struct iso_scores scores; /* so far */
    const struct iso_fit_batch *batches;
    int nbatches; /* the steps since the last call */
};
struct iso_fit_epoch {
    int64_t epoch, epochs; /* from 1 */
    const char *phase;     /* name of the phase; "" if the model has none */
    bool trained;          /* all steps are done */
    bool whole; /* false: stopped within the epoch or its validation; then there are no validation
                   scores */
    bool validated;
    double seconds;           /* for training and validation */
    double images_per_second; /* in training alone */
    double learning_rate;     /* as used by the last step */
    bool to_restore;          /* early stopping would restore the weights of this epoch */
    bool stopped;             /* early stopping ends the training after this epoch */
    struct iso_scores train, validation;
};
struct iso_fit_options;
struct iso_warning;
struct iso_not_finite;
/* Callbacks, each of which may be NULL. Listeners are called one after the other. A callback that
 * fails ends the training with its code. */
struct iso_fit_listener {
    void *self;
    iso_rc (*progress)(void *self, const struct iso_fit_progress *); /* a few times a second */
    iso_rc (*epoch)(void *self, const struct iso_fit_epoch *, const struct iso_fit_state *);
    /* Called within an epoch every checkpoint_seconds; the executor is at the given state. */
    iso_rc (*checkpoint)(void *self, const struct iso_fit_state *);
    /* Called with a warning (warnings.h). If the fault also ends the training, the error message
     * repeats it. */
    iso_rc (*warning)(void *self, const struct iso_warning *);
    /* Called if step `step`, from 0, makes the training fail: finds the first tensor that is not
     * finite, see not_finite.h. `at` is the training's state. May change everything in the
     * executor. */
    iso_rc (*not_finite)(void *self, const struct iso_fit_options *, const struct iso_fit_state *at,
                         int64_t step, struct iso_not_finite *out);
};

/* A span: consecutive steps of one epoch that somebody computes again. */
struct iso_fit_span {
    const struct iso_fit_options *options;
    const struct iso_fit_state *state; /* after its last step */
    const int32_t *order;              /* order of the epoch's rows */
    int64_t epoch_steps;
};
/* Follows a training in spans. begins and ends are asked at every step: whether a span begins
 * before the next one, or has ended with the last. Then begin and end are called, with the executor
 * at the given state and all steps before told to the listeners. A span ends with its epoch at the
 * latest, and as soon as a loss is not finite, which has not been told then. */
struct iso_fit_watch {
    void *self;
    bool (*begins)(void *self, const struct iso_fit_state *);
    bool (*ends)(void *self, const struct iso_fit_state *);
    iso_rc (*begin)(void *self, const struct iso_fit_state *);
    iso_rc (*end)(void *self, const struct iso_fit_span *);
};

struct iso_fit_options {
    int64_t epochs;    /* total, including those already done */
    int64_t until;     /* return after this many epochs; 0: after all */
    int64_t steps;     /* total of optimizer steps, instead of epochs and without validation; 0: use
                          epochs */
    int64_t last_step; /* return after this step of them all, as if stopped, or after its epoch's
                          validation if it is the last of its epoch; 0: none */
    int64_t rows, validation_rows;     /* number of rows in data sets 0 and 1 of the executor;
                                          validation_rows 0: no validation */
    uint64_t seed;                     /* seed of the shuffles */
    double checkpoint_seconds;         /* interval of checkpoints within an epoch; 0: none */
    const volatile sig_atomic_t *stop; /* not 0: end after the current step or batch; may be NULL */
    const struct iso_fit_listener *listeners;
    int nlisteners;
    const struct iso_fit_watch *watch; /* NULL: none */
};
#endif
