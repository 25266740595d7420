/* keras_weights.h: a model's weights from, and to, Keras's HDF5 files. */
#ifndef ISO_KERAS_WEIGHTS_H
#define ISO_KERAS_WEIGHTS_H
#include "core/data/keras_file.h"
#include "exec.h"

/* Which layer of the file is which of the model: that of the same name, or the first with weights
 * the first with weights, and so on (in a .weights.h5 of Keras 3, among layers of one class). */
enum iso_keras_match { ISO_KERAS_BY_NAME, ISO_KERAS_BY_ORDER };

struct iso_keras_taken {
    int layers;                              /* of the model, that the file had */
    int left;                                /* of the model, that it had not */
    int unused;                              /* of the file, that the model has not */
    char left_names[256], unused_names[256]; /* "dense_1, dense_2, ..." */
};
/* Sets the weights of the layers that the file has. When they do not fit (shapes, or by order the
 * number of layers): ISO_EDATA, each mismatch in faults, and no weight is changed. path: for
 * messages; the faults borrow it. */
iso_rc iso_keras_load(struct iso_exec *, const struct iso_keras_file *, const char *path,
                      enum iso_keras_match, struct iso_faults *, struct iso_keras_taken *);
/* Writes all weights, layer by layer, as a file that Keras's load_weights takes. */
iso_rc iso_keras_save(struct iso_exec *, const char *path);
#endif
