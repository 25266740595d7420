/* keras_file.h: weights in Keras's HDF5 files, layer by layer. The one user of the HDF5 library,
 * which isocl may be built without.
 *
 * Three layouts are read: weights of Keras 1 to 3 (.h5), whole models with them (.h5, the group
 * model_weights), and the .weights.h5 of Keras 3, whose layers are told apart by their class and a
 * number and, in newer files, have their names beside that. The first is written. */
#ifndef ISO_KERAS_FILE_H
#define ISO_KERAS_FILE_H
#include "core/iso.h"

enum { ISO_KERAS_WEIGHTS = 8, ISO_KERAS_PATH = 512 };

struct iso_keras_weight {
    char path[ISO_KERAS_PATH]; /* of the data set in the file */
    struct iso_shape shape;    /* ndim -1: more dimensions than tensors have here */
    const float *values;       /* of a weight that is in memory and in no file; or NULL */
};
struct iso_keras_layer {  /* one that has weights */
    char name[ISO_NAME];  /* "" when the file does not say */
    char class[ISO_NAME]; /* "conv2d", "conv2d_1": of .weights.h5; "" otherwise */
    int nweights;
    struct iso_keras_weight weights[ISO_KERAS_WEIGHTS]; /* in the layer's own order */
};
struct iso_child;
struct iso_keras_file {
    char version[32]; /* of Keras, or "" */
    int nlayers;
    struct iso_keras_layer *layers; /* in the model's order, or for .weights.h5 that of names */
    int64_t handle;                 /* HDF5's, in the process that reads the file */
    struct iso_child *child;        /* which is this one, or NULL: keras_apart.c */
};
/* True if isocl was built with the HDF5 library. */
bool iso_keras_supported(void);
/* ISO_EIO or ISO_EDATA for a file that cannot be read, or when isocl was built without HDF5; *out
 * is set only on success. Nothing is read of the weights yet but their shapes. A child
 * (core/child.h) reads the file until it is closed, since damaged files can crash the library. */
iso_rc iso_keras_open(const char *path, struct iso_keras_file **out);
void iso_keras_close(struct iso_keras_file *); /* NULL is fine */
/* values: as many floats as the weight's shape has. */
iso_rc iso_keras_read(const struct iso_keras_file *, const struct iso_keras_weight *,
                      float *values);

/* A file of weights that Keras's load_weights takes, written beside `path` and renamed when it is
 * whole. begin, then each layer with its weights, then end, or abort, which leaves no file. */
struct iso_keras_writer;
iso_rc iso_keras_begin(const char *path, struct iso_keras_writer **out);
/* names: of the weights, such as "kernel"; values: of each. */
iso_rc iso_keras_put(struct iso_keras_writer *, const char *layer, int nweights,
                     const char *const *names, const struct iso_shape *shapes,
                     const float *const *values);
iso_rc iso_keras_end(struct iso_keras_writer *);
void iso_keras_abort(struct iso_keras_writer *); /* NULL is fine */
#endif
