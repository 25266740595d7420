/* keras_file.h: weights in Keras's files, layer by layer, and the network's configuration. Nothing
 * else uses the HDF5 library, without which isocl can be built.
 *
 * Three layouts are read: weights of Keras 1 to 3 (.h5), whole models with them (.h5, the group
 * model_weights), and the .weights.h5 of Keras 3, whose layers are identified by their class and a
 * number and, in newer files, also have names. A .keras file is a zip file of the latter and of the
 * network's configuration, which a .h5 has as an attribute. The layers of a model that is a layer
 * itself are layers of the file, too. Files are written in the first and the last one. */
#ifndef ISO_KERAS_FILE_H
#define ISO_KERAS_FILE_H
#include "core/iso.h"

enum { ISO_KERAS_WEIGHTS = 8, ISO_KERAS_PATH = 512 };

struct iso_keras_weight {
    char path[ISO_KERAS_PATH]; /* path of the data set in the file */
    struct iso_shape shape;    /* ndim -1: more dimensions than tensors have here */
    const float *values;       /* values of a weight in memory instead of a file; or NULL */
};
struct iso_keras_layer { /* a layer with weights */
    char name[ISO_NAME]; /* "" if the file has none */
    /* Its class and number in .weights.h5, "conv2d_1", within a model that is a layer
     * "sequential/conv2d_1"; "" otherwise. */
    char class[ISO_KERAS_PATH];
    char place[ISO_KERAS_PATH]; /* its name within those of the models around it, "base/conv1" */
    int nweights;
    struct iso_keras_weight weights[ISO_KERAS_WEIGHTS]; /* in the layer's own order */
};
struct iso_child;
struct iso_keras_file {
    char version[32]; /* Keras's version, or "" */
    int nlayers;
    struct iso_keras_layer *layers; /* in the model's order, or for .weights.h5 in that of names */
    char *config, *training;        /* JSON of the network, and in a .h5 of its training; or NULL */
    int64_t handle;                 /* HDF5's, in the process that reads the file */
    struct iso_child *child; /* the process that reads the file; NULL: this one (keras_apart.c) */
};
/* Returns true if isocl was built with the HDF5 library. */
bool iso_keras_supported(void);
/* Opens a file and reads the shapes of its weights. Fails with ISO_EIO or ISO_EDATA if it cannot be
 * read or isocl was built without HDF5; *out is set only on success. A child (core/system/child.h)
 * reads the file until it is closed, since damaged files can crash the library. */
iso_rc iso_keras_open(const char *path, struct iso_keras_file **out);
void iso_keras_close(struct iso_keras_file *); /* NULL is fine */
/* Reads a weight; values has as many floats as its shape has elements. */
iso_rc iso_keras_read(const struct iso_keras_file *, const struct iso_keras_weight *,
                      float *values);

/* Forms of the files that are written. H5: weights under their layers' names, as every version of
 * Keras reads them. WEIGHTS: Keras 3's .weights.h5, whose layers are identified by class and
 * number. ARCHIVE: Keras 3's .keras, a zip file of the network and such weights. */
enum iso_keras_form { ISO_KERAS_H5, ISO_KERAS_WEIGHTS_H5, ISO_KERAS_ARCHIVE };
/* Writes a file for Keras, beside `path`, and renames it once it is complete. Call begin, then put
 * for each layer with its weights, then end, or abort, which leaves no file. A child does it, since
 * the HDF5 library may crash where memory or its stack runs out. */
struct iso_keras_writer;
iso_rc iso_keras_begin(const char *path, enum iso_keras_form, struct iso_keras_writer **out);
struct iso_keras_put_layer {
    const char *name, *class; /* class: as in WEIGHTS, "conv2d_1" */
    int nweights;
    const char *const *names; /* names of the weights, such as "kernel" */
    const struct iso_shape *shapes;
    const float *const *values; /* one array for each */
};
iso_rc iso_keras_put(struct iso_keras_writer *, const struct iso_keras_put_layer *);
/* config, metadata: the texts of an ARCHIVE's config.json and metadata.json; else NULL. */
iso_rc iso_keras_end(struct iso_keras_writer *, const char *config, const char *metadata);
void iso_keras_abort(struct iso_keras_writer *); /* NULL is fine */
#endif
