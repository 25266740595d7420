/* csv_labels.h (private): the labels of a text file: class numbers, or names of classes. */
#ifndef ISO_CSV_LABELS_H
#define ISO_CSV_LABELS_H
#include "csv_reader.h"
#include "dataset.h"
#include "core/text/names.h"

struct iso_csv_labels {      /* zeroed: none has been read */
    bool given;              /* the request lists the classes */
    bool names;              /* labels are names */
    struct iso_names sorted; /* those that the file has, by their bytes */
    int32_t *seen, room;     /* [room]: the place of each in the order in which they came */
};
/* Reads the label of a row, the reader's field; the first row's says whether all are numbers. Names
 * become numbers for now. Fails with ISO_EDATA where it is neither. */
iso_rc iso_csv_labels_take(struct iso_csv_labels *, const struct iso_dataset_request *,
                           struct iso_dataset *, int64_t row, const struct iso_csv_reader *);
/* Gives the number of a class's name in the order in which names came. Fails with ISO_EDATA where
 * there are too many. */
iso_rc iso_csv_labels_name(struct iso_csv_labels *, const struct iso_csv_reader *, const char *name,
                           int32_t *number);
/* Gives the set the names by their bytes, and *number, to be freed: the place of each among these,
 * in the order in which they came. */
iso_rc iso_csv_labels_names(const struct iso_csv_labels *, struct iso_dataset *, int32_t **number);
/* Gives the set its classes: where they are names that the request does not list, those of the
 * file, by their bytes. */
iso_rc iso_csv_labels_end(struct iso_csv_labels *, struct iso_dataset *);
void iso_csv_labels_free(struct iso_csv_labels *);
#endif
