/* arrays.h: data sets in NumPy archives with the arrays x_train, y_train, x_test and y_test, as
 * Keras keeps MNIST. */
#ifndef ISO_ARRAYS_H
#define ISO_ARRAYS_H
#include "dataset.h"

/* Fills images, labels and geometry of a set whose number of classes is known. x: uint8 [rows,
 * height, width] or [rows, height, width, channels]; y: whole numbers [rows] or [rows, 1]. */
iso_rc iso_arrays_load(const char *path, const char *split, struct iso_dataset *);
#endif
