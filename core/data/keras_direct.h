/* keras_direct.h: reading Keras's files with the HDF5 library in this process, which a damaged file
 * may bring down. For keras_apart.c, which has another process do it. The functions are those of
 * keras_file.h otherwise. */
#ifndef ISO_KERAS_DIRECT_H
#define ISO_KERAS_DIRECT_H
#include "keras_file.h"

iso_rc iso_keras_direct_open(const char *path, struct iso_keras_file **out);
void iso_keras_direct_close(struct iso_keras_file *); /* NULL is fine */
iso_rc iso_keras_direct_read(const struct iso_keras_file *, const struct iso_keras_weight *,
                             float *values);
#endif
