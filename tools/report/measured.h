/* measured.h: measurements that a report makes itself, with the run's model, weights, data and
 * device. If something is missing, only the parts that need it are left out, with a sentence that
 * says why and what to do. */
#ifndef ISO_REPORT_MEASURED_H
#define ISO_REPORT_MEASURED_H
#include "core/bench/bench.h"
#include "core/job/job.h"
#include "target_scores.h"
#include "threshold.h"
#include "run_folder.h"

enum { ISO_NOTE = 1600, ISO_SHOWN = 32, ISO_SHOWN_NAME = 512, ISO_SPLITS = 3 };
typedef char iso_note[ISO_NOTE]; /* a sentence; "": none */

struct iso_shown_rows {        /* some rows of a data set, to be shown */
    int n, size[3];            /* height, width, channels */
    uint8_t *pixels;           /* [n, height, width, channels]; owned */
    int64_t row[ISO_SHOWN];    /* indices of the rows */
    int label[ISO_SHOWN];      /* -1: not known */
    char truth[ISO_SHOWN][64]; /* its targets, in words; "": it has a label */
    int predicted[ISO_SHOWN], classes;
    char name[ISO_SHOWN][ISO_SHOWN_NAME]; /* id, or path of its file; "": it has a number only */
    bool files;                           /* names are paths */
    float *probabilities;                 /* [n, classes]; owned; NULL: no predictions */
};
struct iso_split {
    const char *name; /* train, validation, test */
    iso_note missing; /* reason if the members below are empty */
    char data[512];   /* description of the data */
    int64_t rows;
    struct iso_split_scores {
        bool known;
        double loss;
        double *matrix; /* [classes, classes], true classes down; owned; NULL: none */
    } last, best;       /* scores of the last weights, and of the best ones if they differ */
    int64_t classes;
};
struct iso_augmented { /* the first rows after a phase's augmentation */
    char phase[32], ops[160];
    struct iso_shown_rows rows;
};

struct iso_measured {
    struct iso_job job; /* its graph belongs to the run's current phase; NULL: the model file
                           cannot be used */
    char model_path[ISO_PATH], weights_path[ISO_PATH];
    char best_path[ISO_PATH]; /* path of the best weights, if they are not the last ones, after
                                 epoch */
    int64_t best_epoch;       /* best_epoch; 0: none */
    /* Reasons why a part could not be used or made; device: remarks on the device. */
    iso_note no_model, no_weights, no_device, device, no_augmented, no_times, no_parity;
    bool watched; /* nothing was measured yet */
    bool parity_passed;
    char *parity; /* the harness's table; owned; NULL: not run */
    char hash[65];
    int64_t parameters, trainable;
    struct iso_model trained; /* without the scores' confusion matrix; borrows from job's */
    struct iso_split split[ISO_SPLITS];
    char (*class_names)[ISO_CLASS_NAME];
    int nclass_names; /* owned; NULL: numbers */
    struct iso_shown_rows samples, predictions;
    const char *predicted_split; /* split of the predictions and thresholds */
    struct iso_thresholds thresholds;
    struct iso_target_scores targets; /* scores of the predicted split, where rows have targets */
    struct iso_augmented augmented[4];
    int naugmented;
    struct iso_bench_node *nodes;
    int nnodes;          /* owned */
    double step_seconds; /* sum over all nodes */
};
struct iso_measure_options {
    struct iso_job_options setup; /* device and mode NULL, limit 0: as the run had them */
    bool history;                 /* nothing is measured, */
    bool watched;                 /* because the run is still being trained */
};
/* Measures as much of a run as possible. Fails with ISO_ENOMEM only. Free with iso_measured_free,
 * also after a failure. */
iso_rc iso_measure(const struct iso_told *, const struct iso_measure_options *,
                   struct iso_measured *);
void iso_measured_free(struct iso_measured *);

/* measure_note.c: moves the message of a failure to the note, with advice; fails only if memory is
 * out. */
iso_rc iso_measure_note(struct iso_measured *, iso_rc, iso_note, const char *what_to_do);
/* Prints the current activity if standard error is a terminal. */
void iso_measure_tell(const char *what);
/* Measure scores of every split, samples and predictions of the executor's model; and then, with
 * other executors, augmented samples. */
iso_rc iso_measure_data(struct iso_measured *, const struct iso_job_options *);
iso_rc iso_measure_augmented(struct iso_measured *, const struct iso_dataset *);
iso_rc iso_measure_times(struct iso_measured *, const struct iso_job_options *, int phase);
iso_rc iso_measure_parity(struct iso_measured *);
/* shown_rows.c: says what the i-th of the rows is: the label or the targets of a row of the data
 * set.
 */
void iso_shown_row_truth(struct iso_shown_rows *, int i, const struct iso_dataset *, int64_t row);

/* Returns the class's name, or "3" in buf if it has none. */
const char *iso_class_text(const struct iso_measured *, int class, char buf[16]);
#endif
