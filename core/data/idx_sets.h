/* idx_sets.h: MNIST and what has its format: two IDX files a split, plain or gzip, or one archive
 * with the arrays of both splits. */
#ifndef ISO_IDX_SETS_H
#define ISO_IDX_SETS_H
#include "dataset.h"
#include "folders.h"

struct iso_idx_set {
    const char *name;
    const char *subfolders[3]; /* of a data folder that may hold it */
    int classes;
};
/* The set of this name, or NULL. */
const struct iso_idx_set *iso_idx_set_find(const char *name);
/* Fills everything but name and split, which is 0 for train or 1 for test, from the first folder
 * that has the files. */
iso_rc iso_idx_set_load(const struct iso_idx_set *, const struct iso_dataset_request *, int split,
                        const struct iso_data_folders *, struct iso_dataset *);
#endif
