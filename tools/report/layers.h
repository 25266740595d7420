/* layers.h: what tables and drawings of a model say of one layer. */
#ifndef ISO_LAYERS_H
#define ISO_LAYERS_H
#include "core/model/graph.h"

/* The shape of what a layer makes, without the batch; layer -1: of what the first one reads. ""
 * when it is not known. Returns buf. */
const char *iso_layer_shape(const struct iso_graph *, int layer, char *buf, size_t n);
/* Elements of its weights: of all, or of those that are trained. */
int64_t iso_layer_parameters(const struct iso_graph *, int layer, bool trainable);
#endif
