/* keras_weights.h: reads and writes a model's weights as Keras's HDF5 files. */
#ifndef ISO_KERAS_WEIGHTS_H
#define ISO_KERAS_WEIGHTS_H
#include "core/formats/keras_file.h"
#include "exec.h"

/* Pairs layers of the file with layers of the model: by equal names, or by order, the first layer
 * with weights with the first one, and so on (in a .weights.h5 of Keras 3, within each class of
 * layers). */
enum iso_keras_match { ISO_KERAS_BY_NAME, ISO_KERAS_BY_ORDER };

struct iso_keras_taken {
    int layers;                              /* layers of the model that the file has */
    int left;                                /* layers of the model that the file lacks */
    int unused;                              /* layers of the file that the model lacks */
    char left_names[256], unused_names[256]; /* "dense_1, dense_2, ..." */
};
/* Sets the weights of the layers that the file has. If they do not fit (shapes, or by order the
 * number of layers), fails with ISO_EDATA, adds each mismatch to faults, and changes no weight.
 * path is for messages; the faults borrow it. */
iso_rc iso_keras_load(struct iso_exec *, const struct iso_keras_file *, const char *path,
                      enum iso_keras_match, struct iso_faults *, struct iso_keras_taken *);
/* Finds the form that a name's ending selects: .keras, .weights.h5 or .h5. Returns false for
 * others.
 */
bool iso_keras_form_of(const char *path, enum iso_keras_form *);
/* Writes all weights, layer by layer, as a file for Keras: ARCHIVE for load_model, with the
 * network, the others for load_weights. Fails with ISO_EDATA if Keras lacks a layer of an ARCHIVE.
 */
iso_rc iso_keras_save(struct iso_exec *, const char *path, enum iso_keras_form);
#endif
