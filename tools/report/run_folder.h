/* run_folder.h: the content of a run's folder, read without a device and without data. */
#ifndef ISO_RUN_FOLDER_H
#define ISO_RUN_FOLDER_H
#include "core/train/run.h"
#include "core/train/device_json.h"
#include "table.h"

struct iso_told {
    char folder[ISO_PATH];
    char name[64];  /* name beside other runs: the folder's name, or its whole path if another run
                       has the same name */
    char model[64]; /* its model's name */
    struct iso_table epochs, batches; /* history.csv, batches.csv */
    char *yaml, *log, *about;         /* model.yaml, log.txt, run.json; owned; NULL: no such file */
    struct json_t *made;              /* run.json, parsed; owned; NULL: missing or damaged */
    bool has_state;
    struct iso_run_settings settings;
    struct iso_fit_state state;
    struct iso_run_best best;
    struct iso_run_device device;
    char hash[65]; /* hash of weights.safetensors, by iso_told_hash; "": no such file */
    struct iso_told_phase {
        int64_t row;  /* row of history.csv with which it begins, */
        double epoch; /* and that row's epoch */
        char name[32];
    } phase[ISO_PHASES];
    int nphases;      /* 0: the model has none */
    char faults[512]; /* the files that could not be read, and why; "": none */
};
/* Reads all files except batches.csv. Fails with ISO_EUSAGE if the folder is not a run's, because
 * it has no history.csv. `faults` lists other missing or unreadable files. Free with iso_told_free,
 * also after a failure. */
iso_rc iso_told_read(const char *folder, struct iso_told *);
iso_rc iso_told_batches(struct iso_told *);
/* Reads the weights and sets their hash, as printed by training. */
iso_rc iso_told_hash(struct iso_told *);
void iso_told_free(struct iso_told *);
/* Gives each of several runs a unique name. */
void iso_told_distinguish(struct iso_told *, int n);

/* True while a program trains in the folder. */
bool iso_told_running(const char *folder);

/* A line of the log that begins with this word, without it: of the last start; "" when there is
 * none. Returns buf. */
const char *iso_told_line(const struct iso_told *, const char *word, char *buf, size_t n);
/* Writes "finished", "stopped in epoch 3 of 10", ... into buf and returns buf. */
const char *iso_told_status(const struct iso_told *, char *buf, size_t n);
/* Returns the seconds of all epochs together. */
double iso_told_seconds(const struct iso_told *);

/* The columns of history.csv that are shown as curves: the name of a number, and its columns for
 * training and validation. */
struct iso_metric_columns {
    char name[ISO_NAME];   /* loss, accuracy, f1_class */
    int train, validation; /* columns; -1: none */
    int classes; /* number of consecutive columns of a metric with one number per class; otherwise 0
                  */
};
/* Writes at most `most` of them and returns their number. */
int iso_told_metrics(const struct iso_told *, struct iso_metric_columns *, int most);
/* Returns the column of a metric in training or validation; -1: none. */
int iso_told_column(const struct iso_told *, const char *metric, bool validation);
/* Returns true if a smaller number is better. */
bool iso_metric_is_error(const char *name);
/* Returns the main metric of a run besides its loss: accuracy, or the first one; -1: none. */
int iso_told_main_metric(const struct iso_metric_columns *, int n);
#endif
