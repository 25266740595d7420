/* measured.h: what a report finds out by itself, with the run's model, weights, data and device.
 * Whatever is missing costs only what needs it: a sentence says what that is, and what to do. */
#ifndef ISO_REPORT_MEASURED_H
#define ISO_REPORT_MEASURED_H
#include "core/bench/bench.h"
#include "core/job/job.h"
#include "told.h"

enum { ISO_NOTE = 1600, ISO_SHOWN = 32, ISO_SPLITS = 3 };
typedef char iso_note[ISO_NOTE]; /* a sentence; "": nothing to say */

struct iso_shown_rows {     /* some rows of a data set, to be looked at */
    int n, size[3];         /* height, width, channels */
    uint8_t *pixels;        /* [n, height, width, channels]; owned */
    int64_t row[ISO_SHOWN]; /* which they are */
    int label[ISO_SHOWN];   /* -1: not known */
    int predicted[ISO_SHOWN], classes;
    float *probabilities; /* [n, classes]; owned; NULL: of no prediction */
};
struct iso_split {
    const char *name; /* train, validation, test */
    iso_note missing; /* why there is nothing below */
    char data[512];   /* which data it is */
    int64_t rows;
    struct iso_split_scores {
        bool known;
        double loss;
        double *matrix; /* [classes, classes], true classes down; owned; NULL: none */
    } last, best;       /* of the last weights, and of the best ones where they are others */
    int64_t classes;
};
struct iso_augmented { /* what a phase makes of the first rows */
    char phase[32], ops[160];
    struct iso_shown_rows rows;
};

struct iso_measured {
    struct iso_job setup; /* its graph is that of the phase the run is in; NULL when
                               the model file cannot be used */
    char model_path[ISO_PATH], weights_path[ISO_PATH];
    char best_path[ISO_PATH]; /* of best weights that are not the last ones, after epoch */
    int64_t best_epoch;       /* best_epoch; 0: there are none */
    /* Why it could not be used or made; device: what there is to say of it. */
    iso_note no_model, no_weights, no_device, device, no_augmented, no_times, no_parity;
    bool parity_passed;
    char *parity; /* the harness's table; owned; NULL: did not run */
    char hash[65];
    int64_t parameters, trainable;
    struct iso_model trained; /* the model without the confusion matrix that scores are made of,
                                 where it has none of its own; borrows from setup's */
    struct iso_split split[ISO_SPLITS];
    char (*class_names)[ISO_CLASS_NAME];
    int nclass_names; /* owned; NULL: numbers */
    struct iso_shown_rows samples, predictions;
    const char *predicted_split; /* that the predictions are of */
    struct iso_augmented augmented[4];
    int naugmented;
    struct iso_bench_node *nodes;
    int nnodes;          /* owned */
    double step_seconds; /* of all nodes together */
};
struct iso_measure_options {
    struct iso_job_options setup; /* device and mode NULL, limit 0: as the run had them */
    bool history;                 /* nothing is measured */
};
/* Measures what it can of a run. Fails only without memory. Free with iso_measured_free, also
 * after a failure. */
iso_rc iso_measure(const struct iso_told *, const struct iso_measure_options *,
                   struct iso_measured *);
void iso_measured_free(struct iso_measured *);

/* For the files measure_*.c. Keeps the message of what failed as the note, with what to do, and
 * clears it; fails only where memory did. */
iso_rc iso_measure_note(struct iso_measured *, iso_rc, iso_note, const char *what_to_do);
/* Opens graph and executor for a phase, in place of what is open. batch 0: the model's. */
iso_rc iso_measure_open(struct iso_measured *, int phase, int64_t batch,
                        const struct iso_exec_options *);
/* Scores of every split, samples and predictions of the executor's model; and then, with executors
 * of its own, augmented samples. */
iso_rc iso_measure_data(struct iso_measured *, const struct iso_job_options *);
iso_rc iso_measure_augmented(struct iso_measured *, const struct iso_dataset *);
iso_rc iso_measure_times(struct iso_measured *, const struct iso_job_options *, int phase);
iso_rc iso_measure_parity(struct iso_measured *);
/* Says what it does now, to someone who waits at a terminal. */
void iso_measure_tell(const char *what);

/* "3", or the class's name. Returns buf or the name. */
const char *iso_class_text(const struct iso_measured *, int class, char buf[16]);
#endif
