/* keras_direct.h (private): reading Keras's files with the HDF5 library in this process, which a
 * damaged file may bring down. For keras_apart.c, which has another process do it. The functions
 * are those of keras_file.h otherwise. */
#ifndef ISO_KERAS_DIRECT_H
#define ISO_KERAS_DIRECT_H
#include "core/child.h"
#include "keras_file.h"

iso_rc iso_keras_direct_open(const char *path, struct iso_keras_file **out);
void iso_keras_direct_close(struct iso_keras_file *); /* NULL is fine */
iso_rc iso_keras_direct_read(const struct iso_keras_file *, const struct iso_keras_weight *,
                             float *values);

/* The task "keras": opens the file that its argument names, sends what is in it, and answers
 * requests for weights. Where isocl is built without HDF5 it fails, as iso_keras_open does. */
iso_rc iso_keras_task(const struct iso_task *);
#endif
