/* idx_sets.h: MNIST and sets of its format: two IDX files per split, plain or gzip, or one archive
 * with the arrays of both splits. */
#ifndef ISO_IDX_SETS_H
#define ISO_IDX_SETS_H
#include "dataset.h"

struct iso_named_set;
/* Fills everything but name and split, which is 0 for train or 1 for test, from the first folder
 * that has the files. */
iso_rc iso_idx_set_load(const struct iso_named_set *, const struct iso_dataset_request *, int split,
                        struct iso_dataset *);
/* Reads a file of images and one of labels; NULL: there is none. The set has one class more than
 * the largest label, unless it knows its classes. */
iso_rc iso_idx_pair_load(const struct iso_dataset_request *, const char *images, const char *labels,
                         struct iso_dataset *);
#endif
