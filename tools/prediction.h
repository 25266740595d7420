/* prediction.h: what `isocl predict` was asked, and what it says: for the files of that command. */
#ifndef ISO_PREDICTION_H
#define ISO_PREDICTION_H
#include "core/data/names.h"
#include "setup.h"

struct predict_options {
    struct iso_setup_options setup;
    const char *weights, *split, *csv, *csv_header, *labels, *npy, *layer;
    int64_t top;
    bool best, resize, json;
};
struct prediction {
    const struct predict_options *options;
    struct iso_setup setup;
    struct iso_names images; /* paths; none: a split of the model's data */
    struct iso_dataset *data;
    char (*names)[ISO_CLASS_NAME]; /* of the first nnames classes, "" for none; NULL: of none */
    int nnames;
};

/* Fails when somebody wants the command to stop, so that its files are put in order. row: that is
 * done. */
iso_rc iso_prediction_stopped(const struct prediction *, int64_t row);
/* prediction_tell.c: prints a table or JSON objects, and writes the file of --csv. */
iso_rc iso_prediction_tell(struct prediction *);
/* prediction_npy.c: writes the file of --npy. */
iso_rc iso_prediction_npy(struct prediction *);

/* "builtin:digits, test", or "3 images". Returns buf. */
const char *iso_prediction_source(const struct prediction *, char *buf, size_t n);
#endif
