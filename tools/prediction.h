/* prediction.h: request and output of `isocl predict`, for the files of that command. */
#ifndef ISO_PREDICT_COMMAND_H
#define ISO_PREDICT_COMMAND_H
#include "core/job/prediction.h"
#include "setup.h"

#include <stdio.h>

struct predict_options {
    struct iso_job_options setup;
    const char *weights, *split, *csv, *csv_header, *labels, *npy, *layer, *table, *rows, *invert;
    int64_t top, first_id;
    bool best, resize, json;
};
struct prediction {
    const struct predict_options *options;
    struct iso_prediction opened;
};

/* ---- prediction_source.c ---- */

/* Returns ISO_OK, or, once the user has pressed Ctrl-C, ISO_EIO with a message, so that the caller
 * removes the unfinished file. row: rows done so far. */
iso_rc iso_prediction_stopped(const struct prediction *, int64_t row);
/* Returns true if the rows are files of images. */
bool iso_prediction_of_files(const struct prediction *);
/* Writes "builtin:digits, test", or "3 images", into buf and returns buf. */
const char *iso_prediction_source(const struct prediction *, char *buf, size_t n);

/* prediction_tell.c: prints a table or JSON objects, and writes the file of --csv. */
iso_rc iso_prediction_tell(struct prediction *);
/* prediction_targets.c: the same for rows with targets, a column for each. */
iso_rc iso_prediction_targets(struct prediction *);
/* prediction_npy.c: writes the file of --npy. */
iso_rc iso_prediction_npy(struct prediction *);

/* ---- prediction_row.c ---- */

/* Returns the file or the id of a row, which may be in buf; NULL: it has a number only. */
const char *iso_prediction_name(const struct prediction *, int64_t row, char buf[ISO_PATH]);
/* Returns the number of a row in its data set. */
int64_t iso_prediction_number(const struct prediction *, int64_t row);
/* Returns its name, or its number, counted from `first`. */
const char *iso_prediction_row(const struct prediction *, int64_t row, int64_t first,
                               char buf[ISO_PATH]);
/* Returns the heading of these: image, id or row. */
const char *iso_prediction_heading(const struct prediction *);
/* Returns the part of a name that a table shows: without the folders above that of its class, for a
 * file of a data set. */
const char *iso_prediction_in_table(const struct prediction *, const char *name);
/* Writes a field of a CSV file, quoted if a reader would otherwise misread it. */
void iso_prediction_cell(FILE *, const char *cell);
#endif
