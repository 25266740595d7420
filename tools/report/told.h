/* told.h: what the files of a run's folder tell, without a device and without data. */
#ifndef ISO_REPORT_TOLD_H
#define ISO_REPORT_TOLD_H
#include "core/train/run.h"
#include "core/train/device_json.h"
#include "table.h"

struct iso_told {
    char folder[ISO_PATH];
    char name[64];                    /* what to call it beside others: the name of the folder,
                                         or its whole path where that is another's, too */
    char model[64];                   /* its model's name */
    struct iso_table epochs, batches; /* history.csv, batches.csv */
    char *yaml, *log, *about;         /* model.yaml, log.txt, run.json; owned; NULL: not there */
    struct json_t *made;              /* run.json, parsed; owned; NULL: not there, or damaged */
    bool has_state;
    struct iso_run_settings settings;
    struct iso_fit_state state;
    struct iso_run_best best;
    struct iso_run_device device;
    char hash[65]; /* of weights.safetensors, by iso_told_hash; "": not there */
    struct iso_told_phase {
        int64_t row;  /* of history.csv, with which it begins, */
        double epoch; /* and that row's epoch */
        char name[32];
    } phase[ISO_PHASES];
    int nphases;      /* 0: the model has none */
    char faults[512]; /* what could not be read and why; "" for nothing */
};
/* Reads all but batches.csv. Fails with ISO_EUSAGE when the folder is no run's: it has no
 * history.csv. What else is missing or unreadable is told in `faults`. Free with iso_told_free,
 * also after a failure. */
iso_rc iso_told_read(const char *folder, struct iso_told *);
void iso_told_batches(struct iso_told *);
/* Reads the weights, and fills in the hash that training prints of them. */
void iso_told_hash(struct iso_told *);
void iso_told_free(struct iso_told *);
/* Gives each of several runs a name of its own. */
void iso_told_distinguish(struct iso_told *, int n);

/* A line of the log that begins with this word, without it: of the last start; "" when there is
 * none. Returns buf. */
const char *iso_told_line(const struct iso_told *, const char *word, char *buf, size_t n);
/* "finished", "stopped in epoch 3 of 10", ... Returns buf. */
const char *iso_told_status(const struct iso_told *, char *buf, size_t n);
/* Seconds of all epochs together. */
double iso_told_seconds(const struct iso_told *);

/* The columns of history.csv that are shown as curves: what one number of training and of
 * validation is called, and where it stands. */
struct iso_metric_columns {
    char name[ISO_NAME];   /* loss, accuracy, f1_class */
    int train, validation; /* columns; -1: not there */
    int classes;           /* it is one number a class: so many columns in a row; else
                              0 */
};
/* Fills up to most of them; returns their number. */
int iso_told_metrics(const struct iso_told *, struct iso_metric_columns *, int most);
/* The column of training's or validation's numbers of a metric; -1: none. */
int iso_told_column(const struct iso_told *, const char *metric, bool validation);
/* True if smaller is better. */
bool iso_metric_is_error(const char *name);
/* The metric that stands for a run beside its loss: accuracy, or the first one; -1: none. */
int iso_told_main_metric(const struct iso_metric_columns *, int n);
#endif
