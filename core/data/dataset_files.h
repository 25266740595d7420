/* dataset_files.h (private): data sets in files of the user's own, by the kinds that sets.def has.
 */
#ifndef ISO_DATASET_FILES_H
#define ISO_DATASET_FILES_H
#include "named_sets.h"

struct iso_file_kind {
    const char *prefix; /* the beginning of its names */
    const struct iso_file_reader *reader;
};
extern const struct iso_file_kind iso_file_kinds[]; /* ends with prefix NULL */
/* Returns the kind of a name, or NULL. */
const struct iso_file_kind *iso_file_kind_find(const char *name);
/* Finds the names that the splits have. */
iso_rc iso_file_kind_splits(const struct iso_file_kind *, const struct iso_dataset_request *,
                            struct iso_splits *out);
/* Reads the split of this number, -1 for the only one, and gives the set the name of it. */
iso_rc iso_file_kind_load(const struct iso_file_kind *, const struct iso_dataset_request *,
                          int split, struct iso_dataset *);
#endif
