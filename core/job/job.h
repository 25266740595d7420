/* job.h: a model file, a device, the network on it and its data, opened for training, evaluation or
 * prediction in the order of the functions below. Prints nothing. */
#ifndef ISO_JOB_H
#define ISO_JOB_H
#include "core/data/folders.h"
#include "core/text/text_list.h"
#include "core/train/exec.h"
#include "core/train/scores.h"

struct iso_job_options {
    const char *text; /* text of the model file, which is then not read; NULL: none */
    const char *device, *mode, *data; /* NULL: auto, the device's default, the usual folders */
    struct iso_ranks *ranks; /* evaluate together, each with the same options; borrowed; NULL: this
                                process evaluates alone */
    /* Used instead of the model file's data; borrowed; NULL: none. For training, validation and
     * test. If the first is given, the others are not taken from the model file. */
    const struct iso_dataset *rows[3];
    int64_t threads, limit;   /* 0: one per processor; all rows */
    bool labels_optional;     /* accept rows without labels, to predict them */
    int64_t batch, seed;      /* -1: the model file's */
    struct iso_text_list set; /* KEY=VALUE, each: core/model/changes.h */
    const char *phase;        /* the only phase of the model file that is trained; NULL: all */
    const char *tta;          /* test-time augmentation (iso_exec_use_views); NULL: none */
    const char *tune;         /* off or auto; NULL: auto on GPUs */
    iso_progress *progress;   /* called while images are read; may be NULL */
    /* Called with the device that auto took, the reason, and the requested mode; may be NULL. */
    void (*chosen)(const struct iso_backend *, const char *why, enum iso_mode);
    /* Called with the path of weights that have no hash of their own, outside of a run's folder,
     * where they would be refused; may be NULL. */
    void (*unhashed)(const char *path);
};
#define ISO_JOB_DEFAULTS        \
    {                           \
        .batch = -1, .seed = -1 \
    }

struct iso_job { /* owns all it names; zeroed: nothing is open */
    struct iso_faults faults;
    struct iso_model *model; /* constant, except in iso_job_data */
    struct iso_backend *backend;
    struct iso_graph *graph;
    struct iso_exec *exec;
    struct iso_dataset *data[2];        /* for training, and for validation or prediction */
    struct iso_trained_classes classes; /* number the classes of all data by name */
    char path[ISO_PATH];                /* path of the model file; the faults borrow it */
    char *set[ISO_TEXTS];               /* "--set KEY=VALUE"; faults and model borrow them */
    struct iso_data_origin origin;      /* places of the data */
    void (*unhashed)(const char *path); /* as in the options */
};

/* Reads the model file, with the changes, batch and seed of the options. On ISO_EMODEL, faults has
 * the locations. Fails with ISO_EDATA if it is in a run's folder and was changed (run_check.h). */
iso_rc iso_job_model(struct iso_job *, const char *path, const struct iso_job_options *);
/* Returns the mode of a name that --mode takes; NULL: DEFAULT. */
enum iso_mode iso_job_mode(const char *name);
iso_rc iso_job_backend(struct iso_job *, const struct iso_job_options *);
/* Sets device and threads to this rank's share of its machine. device: of n bytes, to which the
 * options then point. */
iso_rc iso_job_share_machine(const struct iso_ranks *, struct iso_job_options *, char *device,
                             size_t n);
/* Compares what must be equal on all ranks that evaluate or predict data[1] together; NULL: there
 * are none. */
iso_rc iso_job_compare_ranks(struct iso_job *, struct iso_ranks *);
/* Builds graph and executor of a phase of the model, in place of those that are open. batch 0: the
 * model's. */
iso_rc iso_job_exec(struct iso_job *, int phase, int64_t batch, const struct iso_exec_options *);
/* Returns the model's last phase: its loss is the one that the training ended with. */
int iso_job_last_phase(const struct iso_job *);
/* Sets the executor's weights from a safetensors file. Fails with ISO_EDATA if one is not finite,
 * or the file is in a run's folder and was changed (run_check.h). The faults borrow path. */
iso_rc iso_job_weights(struct iso_job *, const char *path);
/* Takes the names of the classes from the run that the model file or weights (NULL: none) belong
 * to; if there is no run, or it has none, iso_job_data finds them in the training data. */
iso_rc iso_job_classes(struct iso_job *, const char *weights);
/* Returns what iso_job_data requests for a split. It points into the job and the options. */
iso_rc iso_job_request(const struct iso_job *, const char *split, const struct iso_job_options *,
                       struct iso_dataset_request *out);
/* Reads the data that the model file names for `split` (train, validation, test). If it names no
 * test data, uses the test split of the training data. Numbers the classes like those of training,
 * by their names. Completes a model whose mean or std is auto. The caller frees *out, after the
 * executor that reads it. */
iso_rc iso_job_data(struct iso_job *, const char *split, const struct iso_job_options *,
                    struct iso_dataset **out);
/* True if a training validates: with the rows that are given, or as the model file says. */
bool iso_job_validates(const struct iso_job *, const struct iso_job_options *);
/* Reads rows to be predicted from a file of the user's own, with or without labels, as the training
 * data are read if they are of the same kind. path is relative to the working directory; split: ""
 * or one of those that it has. */
iso_rc iso_job_table(struct iso_job *, const char *path, const char *split,
                     const struct iso_job_options *, struct iso_dataset **out);
/* Frees executor and graph. */
void iso_job_close_exec(struct iso_job *);
void iso_job_free(struct iso_job *);

/* Writes the mode and device to print beside a result, "exact  reference (AMD EPYC 9R14)", into buf
 * and returns buf. */
const char *iso_job_where(const struct iso_backend *, char *buf, size_t n);

/* Finds the files that `argument` names: a run's folder, with its model file and its last weights
 * or those of its best epoch; or a model file, for which weights must be given. weights: used
 * instead of the run's, or NULL. Fails with ISO_EUSAGE if a file is missing. */
iso_rc iso_job_files(const char *argument, const char *weights, bool best, char model[ISO_PATH],
                     char path[ISO_PATH]);

/* Opens the device (with ranks, this one's of the list that the options name) and the last phase's
 * executor with the weights, reads `split` into data[1], and
 * computes loss and metrics on it. The model is open; the faults borrow weights. */
iso_rc iso_job_evaluate(struct iso_job *, const char *weights, const char *split,
                        const struct iso_job_options *, struct iso_scores *out);
#endif
