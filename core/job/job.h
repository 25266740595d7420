/* job.h: a model file, a device, the network on it and its data: what training, evaluation and
 * prediction open, each in the order of the functions below. Prints nothing. */
#ifndef ISO_JOB_H
#define ISO_JOB_H
#include "core/data/folders.h"
#include "core/train/exec.h"
#include "core/train/scores.h"

struct iso_job_options {
    const char *text;                 /* of the model file, which is not read then; NULL: none */
    const char *device, *mode, *data; /* NULL: auto, the device's own, the usual folders */
    /* Taken in place of what the model file says under data; borrowed; NULL: none. Trained on,
     * validated and tested with; given the first, the others are those here only. */
    const struct iso_dataset *rows[3];
    int64_t threads, limit; /* 0: as many as there are; all rows */
    int64_t batch, seed;    /* -1: as the model file says */
    const char *tune;       /* off or auto; NULL: auto on GPUs */
    iso_progress *progress; /* of reading images; NULL: nobody is told */
    /* Told which device auto took, why, and which mode was asked for; may be NULL. */
    void (*chosen)(const struct iso_backend *, const char *why, enum iso_mode);
};
#define ISO_JOB_DEFAULTS        \
    {                           \
        .batch = -1, .seed = -1 \
    }

struct iso_job { /* owns all it names; zeroed: nothing is open */
    struct iso_faults faults;
    struct iso_model *model; /* read only, but for iso_job_data */
    struct iso_backend *backend;
    struct iso_graph *graph;
    struct iso_exec *exec;
    struct iso_dataset *data[2]; /* of the executor: trained on, and validated or predicted */
    struct iso_trained_classes classes; /* by whose names those of all data are numbered */
    char path[ISO_PATH];                /* of the model file; the faults borrow it */
    struct iso_data_origin origin;      /* of the data */
};

/* Reads the model file, with batch and seed of the options. On ISO_EMODEL, faults says where. */
iso_rc iso_job_model(struct iso_job *, const char *path, const struct iso_job_options *);
iso_rc iso_job_backend(struct iso_job *, const struct iso_job_options *);
/* Builds graph and executor of a phase of the model, in place of those that are open. batch 0: the
 * model's. */
iso_rc iso_job_exec(struct iso_job *, int phase, int64_t batch, const struct iso_exec_options *);
/* Returns the model's last phase: its loss is the one that the training ended with. */
int iso_job_last_phase(const struct iso_job *);
/* Sets the executor's weights from a safetensors file. The faults borrow path. */
iso_rc iso_job_weights(struct iso_job *, const char *path);
/* Takes the names of the classes from the run whose model file or weights (NULL: none) these are;
 * where there is none, or it has not kept any, iso_job_data finds them in the training data. */
iso_rc iso_job_classes(struct iso_job *, const char *weights);
/* Reads what the model file names under data: `split` (train, validation, test). Where it names no
 * test data, the test split of the training data stands in. Its classes are numbered as those of
 * training, by their names. Completes a model whose mean or std is
 * auto. The caller frees *out, after the executor that reads it. */
iso_rc iso_job_data(struct iso_job *, const char *split, const struct iso_job_options *,
                    struct iso_dataset **out);
/* True if a training validates: with the rows that are given, or as the model file says. */
bool iso_job_validates(const struct iso_job *, const struct iso_job_options *);
/* Frees executor and graph. */
void iso_job_close_exec(struct iso_job *);
void iso_job_free(struct iso_job *);

/* Writes what to say beside a result: "exact  reference (AMD EPYC 9R14)". Returns buf. */
const char *iso_job_where(const struct iso_backend *, char *buf, size_t n);

/* Finds what `argument` stands for: a run's folder, with its model file and last weights, or those
 * of its best epoch; or a model file, for which weights must be given. weights: instead of the
 * run's, or NULL. ISO_EUSAGE where one of them is missing. */
iso_rc iso_job_files(const char *argument, const char *weights, bool best, char model[ISO_PATH],
                     char path[ISO_PATH]);

/* Opens the device and the last phase's executor with the weights, reads `split` into data[1], and
 * computes loss and metrics on it. The model is open; the faults borrow weights. */
iso_rc iso_job_evaluate(struct iso_job *, const char *weights, const char *split,
                        const struct iso_job_options *, struct iso_scores *out);
#endif
