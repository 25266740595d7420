/* keras_direct.h (private): reads Keras's files with the HDF5 library in this process, which a
 * damaged file may crash. For keras_apart.c, which does it in another process. The functions
 * correspond to those of keras_file.h. */
#ifndef ISO_KERAS_DIRECT_H
#define ISO_KERAS_DIRECT_H
#include "core/child.h"
#include "keras_file.h"

iso_rc iso_keras_direct_open(const char *path, struct iso_keras_file **out);
void iso_keras_direct_close(struct iso_keras_file *); /* NULL is fine */
iso_rc iso_keras_direct_read(const struct iso_keras_file *, const struct iso_keras_weight *,
                             float *values);

/* The task "keras": opens the file that its argument names, sends what is in it, and answers
 * requests for weights. If isocl is built without HDF5, it fails like iso_keras_open. */
iso_rc iso_keras_task(const struct iso_task *);
#endif
