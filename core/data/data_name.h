/* data_name.h: the name of the data set that somebody means by a path. */
#ifndef ISO_DATA_NAME_H
#define ISO_DATA_NAME_H
#include "dataset.h"

/* Returns the kind of data set that a file's name tells: "csv", "npy" or "idx"; NULL if it tells
 * none. */
const char *iso_table_kind(const char *path);
/* Writes the name by which iso_dataset_load knows the data: a name of a data set stays as it is; a
 * folder, table or array becomes its kind and its absolute path, such as folder:/home/me/photos, so
 * that the model file may lie anywhere. Fails with ISO_EIO if there is nothing at the path, with
 * ISO_EDATA if it is none of these. */
iso_rc iso_data_name(const char *data, char name[ISO_DATASET_NAME]);
#endif
