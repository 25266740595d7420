/* network.h: a network in the terms of Keras's configurations as a model file.
 *
 * A configuration is the config.json of a .keras file, or the attribute model_config of a .h5:
 * Sequential and Functional models of Keras 2 and 3, in which models may stand for layers; their
 * layers become the network's own. What isocl has no layer for is a fault, one for each layer;
 * nothing is guessed. */
#ifndef ISO_KERAS_NETWORK_H
#define ISO_KERAS_NETWORK_H
#include "core/formats/keras_file.h"
#include "core/model/faults.h"

struct iso_keras_place { /* a layer of the model file, and where Keras has it */
    char name[ISO_NAME];
    char class[ISO_KERAS_PATH]; /* "conv2d_1", within a model "sequential/conv2d_1" */
    char path[ISO_KERAS_PATH];  /* its own name, within a model "base/conv1" */
    int inside; /* axes of inputs in the kernel, which a convolution of single pixels has here; or 0
                 */
};
struct iso_keras_network {
    char *yaml; /* the model file; owned */
    struct iso_keras_place *places;
    int nplaces;
    int nlayers;         /* layers of the configuration */
    char left_out[256];  /* layers that do nothing outside training, which isocl lacks */
    char optimizer[128]; /* optimizer of the file: a sentence about it, or "" */
};
/* Reads the configuration of a file of Keras; path is for messages and faults, which borrow it.
 * Fails with ISO_EDATA, with a fault for each layer that isocl cannot have, or the message alone if
 * the configuration is none. Free *out, set only on success, with iso_keras_network_free. */
iso_rc iso_keras_network(const struct iso_keras_file *, const char *path, struct iso_faults *,
                         struct iso_keras_network **out);
void iso_keras_network_free(struct iso_keras_network *); /* NULL is fine */
/* Gives the file's layers the names, and their weights the shapes, that they have in the model
 * file. */
void iso_keras_rename(const struct iso_keras_network *, struct iso_keras_file *);
#endif
