/* csv_columns.h (private): what the columns of a text file hold. */
#ifndef ISO_CSV_COLUMNS_H
#define ISO_CSV_COLUMNS_H
#include "csv_reader.h"
#include "dataset.h"

enum { ISO_CSV_LABEL = -1, ISO_CSV_ID = -2, ISO_CSV_DROPPED = -3, ISO_CSV_TARGET = -4 };
struct iso_csv_columns {
    int64_t n, pixels;
    int32_t *of;   /* [n], owned: the number of a pixel, or one of the above; of the i-th target,
                      ISO_CSV_TARGET - i */
    int64_t label; /* -1: there is none */
    int64_t id;    /* -1: there is none */
    int64_t dropped;
    bool targets;                /* the columns of all targets are there */
    bool header;                 /* the first line names them */
    char id_name[ISO_CSV_FIELD]; /* "": it has no name */
};
/* Reads the first line. Fails with ISO_EDATA where there is no column for labels, unless the
 * request can do without; where one that the request names is not there; or where none is left for
 * pixels. Free out->of, also on failure. */
iso_rc iso_csv_columns_read(struct iso_csv_reader *, const struct iso_dataset_request *,
                            struct iso_csv_columns *out);
/* Returns true for a name that a column of labels has by itself: label, labels, class, target, in
 * any case. */
bool iso_csv_names_label(const char *name);
#endif
