/* keras_direct.h (private): reads and writes Keras's files with the HDF5 library in this process.
 * A damaged file, or want of memory, may crash it, so only keras_apart.c and keras_write_apart.c
 * call these functions, in another process. They correspond to those of keras_file.h. */
#ifndef ISO_KERAS_DIRECT_H
#define ISO_KERAS_DIRECT_H
#include "core/system/child.h"
#include "keras_file.h"

iso_rc iso_keras_direct_open(const char *path, struct iso_keras_file **out);
void iso_keras_direct_close(struct iso_keras_file *); /* NULL is fine */
iso_rc iso_keras_direct_read(const struct iso_keras_file *, const struct iso_keras_weight *,
                             float *values);

struct iso_keras_direct_writer;
iso_rc iso_keras_direct_begin(const char *path, enum iso_keras_form,
                              struct iso_keras_direct_writer **out);
iso_rc iso_keras_direct_put(struct iso_keras_direct_writer *, const struct iso_keras_put_layer *);
iso_rc iso_keras_direct_end(struct iso_keras_direct_writer *, const char *config,
                            const char *metadata);
void iso_keras_direct_abort(struct iso_keras_direct_writer *); /* NULL is fine */

/* The task "keras": opens the file that its argument names, sends what is in it, and answers
 * requests for weights. If isocl is built without HDF5, it fails like iso_keras_open. */
iso_rc iso_keras_task(const struct iso_task *);
/* The task "keras-write": writes the layers that it is sent to the file that its first argument
 * names, in the form whose number is the second. */
iso_rc iso_keras_write_task(const struct iso_task *);
#endif
