/* layer_about.h: the facts about one layer in tables and drawings of a model. */
#ifndef ISO_LAYER_ABOUT_H
#define ISO_LAYER_ABOUT_H
#include "graph.h"

/* Returns the value that a layer makes, LAYER/y; layer -1: the one that the first layer reads. NULL
 * when it is not known. */
const struct iso_value *iso_layer_value(const struct iso_graph *, int layer);
/* Writes the shape of that value without the batch, "" when it is not known. Returns buf. */
const char *iso_layer_shape(const struct iso_graph *, int layer, char *buf, size_t n);
/* Returns the number of elements of its weights: of all, or of the trained ones. */
int64_t iso_layer_parameters(const struct iso_graph *, int layer, bool trainable);
#endif
