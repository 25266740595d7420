/* config.h: a network as the config.json of Keras 3's .keras files. */
#ifndef ISO_KERAS_CONFIG_H
#define ISO_KERAS_CONFIG_H
#include "core/model/model.h"

/* Writes the model's layers as a Functional model, whose input is the model's, scaled already.
 * Initializers are left out. Fails with ISO_EDATA if Keras lacks a layer or a parameter; the
 * message names it. Free *out, set only on success, with free(). */
iso_rc iso_keras_config(const struct iso_model *, char **out);
/* Writes metadata.json in the same way. */
iso_rc iso_keras_metadata(char **out);
#endif
