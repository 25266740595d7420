/* arrays.h: data sets made of two arrays, images and their labels. */
#ifndef ISO_ARRAYS_H
#define ISO_ARRAYS_H
#include "dataset.h"
#include "npy.h"

/* Fills images and geometry from numbers that are whole, 0 to 255: [rows, height, width], [rows,
 * height, width, channels] or, flat, [rows, pixels]. May take over the array's memory. what: the
 * array's name, for faults. */
iso_rc iso_arrays_images(const char *what, struct iso_npy *, struct iso_dataset *);
/* Fills the labels from whole numbers [rows] or [rows, 1], and where the set does not know its
 * number of classes that too: one more than the largest. */
iso_rc iso_arrays_labels(const char *what, struct iso_npy *, struct iso_dataset *);
/* Both from the arrays x_train, y_train, x_test and y_test of a .npz archive, as Keras keeps MNIST,
 * or of a folder of .npy files, in which images that are bytes may stay. */
iso_rc iso_arrays_load(const struct iso_dataset_request *, const char *path, struct iso_dataset *);
#endif
