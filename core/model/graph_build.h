/* graph_build.h (private): what the files that build a graph share: graph.c walks the layers,
 * graph_nodes.c makes nodes and values, graph_ends.c adds what comes behind the layers. */
#ifndef ISO_GRAPH_BUILD_H
#define ISO_GRAPH_BUILD_H
#include "graph.h"
#include "core/ops/activation.h"

/* What a builder keeps while it walks the layers. */
struct iso_graph_builder {
    const struct iso_model *model;
    struct iso_graph *graph;
    struct iso_faults *faults;
    int *result; /* value each layer ends in; -1 when the layer has a fault */
    struct iso_activation *activations;
    int nactivations;
};

/* ---- graph_nodes.c ---- */
int iso_graph_add_value(struct iso_graph *, enum iso_role, enum iso_dtype, const struct iso_shape *,
                        int layer);
/* Adds a node and the values it makes; *y is its first result, named <layer>/<result>. */
iso_rc iso_graph_add_node(struct iso_graph *, enum iso_op, const void *params, int layer,
                          const char *layer_name, const char *result, const int *x, int nx, int *y);
/* The activation a layer's field table holds; linear when it has none. */
int iso_layer_activation(const struct iso_layer *);
/* True if the layer is that activation, as a layer of its own. */
bool iso_layer_is(const struct iso_layer *, int function);

/* ---- graph_ends.c ---- */
/* The activation that the loss node absorbs; linear: none. */
int iso_graph_absorbed(const struct iso_graph *);
/* The loss with its target, the metrics, and the penalties of weights. */
iso_rc iso_graph_add_ends(struct iso_graph_builder *);
#endif
