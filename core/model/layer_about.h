/* layer_about.h: the facts about one layer in tables and drawings of a model. */
#ifndef ISO_LAYER_ABOUT_H
#define ISO_LAYER_ABOUT_H
#include "graph.h"
#include "model.h"

/* Returns the value that a layer makes, LAYER/y; layer -1: the one that the first layer reads. NULL
 * when it is not known. */
const struct iso_value *iso_layer_value(const struct iso_graph *, int layer);
/* Writes the shape of that value without the batch, "" when it is not known. Returns buf. */
const char *iso_layer_shape(const struct iso_graph *, int layer, char *buf, size_t n);
/* Returns the number of elements of its weights: of all, or of the trained ones. */
int64_t iso_layer_parameters(const struct iso_graph *, int layer, bool trainable);
/* "conv2d 5x5, same, relu": the op and what of its parameters is not as usual; counts: with filters
 * and units, which a shape would tell, too. Returns buf. */
const char *iso_layer_text(const struct iso_layer *, bool counts, char *buf, size_t n);
#endif
