/* arrays.h: data sets made of arrays: images, their labels, and the ids of rows. */
#ifndef ISO_ARRAYS_H
#define ISO_ARRAYS_H
#include "dataset.h"
#include "core/formats/npy.h"

/* Fills images and geometry from numbers that are whole, 0 to 255: [rows, height, width], [rows,
 * height, width, channels] or, flat, [rows, pixels]. [rows, channels, height, width] becomes the
 * same where the request, which may be NULL, knows a model that takes no other. May take over the
 * array's memory. what: the array's name, for faults. */
iso_rc iso_arrays_images(const struct iso_dataset_request *, const char *what, struct iso_npy *,
                         struct iso_dataset *);
/* Fills the labels from whole numbers [rows] or [rows, 1], or from rows with a single 1 among zeros
 * [rows, classes]; and where the set does not know its number of classes that too: one more than
 * the largest, or as many as a row has. */
iso_rc iso_arrays_labels(const char *what, struct iso_npy *, struct iso_dataset *);
/* Fills the targets from numbers that are finite as floats, [rows] or [rows, targets], and their
 * names: the given ones, as many as there are targets, or target_0, target_1, ... */
iso_rc iso_arrays_targets(const char *what, struct iso_npy *, const char *const *names,
                          struct iso_dataset *);
/* The arrays of a .npz archive, of a folder of .npy files, in which images that are bytes may stay,
 * or of a .npy file that holds a pickled dictionary. They are found by their usual names
 * (array_store.h), or have those of the options. A .npy file that holds one array has no labels. */
iso_rc iso_arrays_load(const struct iso_dataset_request *, const char *path, struct iso_dataset *);
#endif
