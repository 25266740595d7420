/* arrays.h: data sets made of two arrays, images and their labels. */
#ifndef ISO_ARRAYS_H
#define ISO_ARRAYS_H
#include "dataset.h"
#include "npy.h"

/* Fills images and geometry from whole numbers, 0 to 255: [rows, height, width], [rows, height,
 * width, channels] or, flat, [rows, pixels]. May take over the array's memory. what: the array's
 * name, for messages. */
iso_rc iso_arrays_images(const char *what, struct iso_npy *, struct iso_dataset *);
/* Fills the labels from whole numbers [rows] or [rows, 1]. If the set's number of classes is not
 * known, sets it to one more than the largest label. */
iso_rc iso_arrays_labels(const char *what, struct iso_npy *, struct iso_dataset *);
/* Fills both from the arrays x_train, y_train, x_test and y_test of a .npz archive, like Keras's
 * MNIST, or of a folder of .npy files, where images of bytes may stay on disk. */
iso_rc iso_arrays_load(const struct iso_dataset_request *, const char *path, struct iso_dataset *);
#endif
