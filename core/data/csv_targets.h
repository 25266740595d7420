/* csv_targets.h (private): the targets of a text file's rows: numbers in columns of their own, or
 * several labels in one column. */
#ifndef ISO_CSV_TARGETS_H
#define ISO_CSV_TARGETS_H
#include "csv_labels.h"
#include "csv_list.h"
#include "csv_reader.h"
#include "dataset.h"

/* Gives the set, whose rows are known, room for the numbers of the columns that the options list,
 * and their names. */
iso_rc iso_csv_targets_begin(const struct iso_source_options *, struct iso_dataset *);
/* Reads a number of the row, the reader's field; True and False are 1 and 0. Fails with ISO_EDATA
 * where it is none. */
iso_rc iso_csv_targets_take(struct iso_dataset *, int64_t row, int64_t target,
                            const struct iso_csv_reader *);

struct iso_csv_lists { /* zeroed: no row has been read */
    struct iso_csv_labels labels;
    struct iso_csv_listed {
        int32_t row, label; /* label: its place in the order in which labels came */
    } * pair;               /* [n] */
    int64_t n, room;
};
/* Reads the labels of a row, the reader's field, with the separator between; it may be empty. */
iso_rc iso_csv_lists_take(struct iso_csv_lists *, const char *separator, int64_t row,
                          const struct iso_csv_reader *);
/* Gives the set a target for each label, in the order of their bytes: 1 where a row lists it. */
iso_rc iso_csv_lists_end(struct iso_csv_lists *, const struct iso_csv_reader *,
                         struct iso_dataset *);
void iso_csv_lists_free(struct iso_csv_lists *);
#endif
