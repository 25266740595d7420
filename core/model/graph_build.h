/* graph_build.h (private): declarations shared by the files that build a graph: graph.c walks the
 * layers, graph_nodes.c makes nodes and values, graph_ends.c adds the nodes after the layers. */
#ifndef ISO_GRAPH_BUILD_H
#define ISO_GRAPH_BUILD_H
#include "graph.h"
#include "core/ops/activation.h"

/* The builder's state while it walks the layers. */
struct iso_graph_builder {
    const struct iso_model *model;
    struct iso_graph *graph;
    struct iso_faults *faults;
    int *result; /* result value of each layer; -1 if the layer has a fault */
    struct iso_activation *activations;
    int nactivations;
};

/* ---- graph_nodes.c ---- */
int iso_graph_add_value(struct iso_graph *, enum iso_role, enum iso_dtype, const struct iso_shape *,
                        int layer);
/* Adds a node and the values it makes; *y is its first result, named <layer>/<result>. */
iso_rc iso_graph_add_node(struct iso_graph *, enum iso_op, const void *params, int layer,
                          const char *layer_name, const char *result, const int *x, int nx, int *y);
/* Returns the activation in a layer's params; linear if its field table has none. */
int iso_layer_activation(const struct iso_layer *);
/* Returns true if the layer is an activation layer with that function. */
bool iso_layer_is(const struct iso_layer *, int function);

/* ---- graph_ends.c ---- */
/* Returns the activation that the loss node absorbs; linear: none. */
int iso_graph_absorbed(const struct iso_graph *);
/* Adds the loss with its target, the metrics, and the penalties of weights. */
iso_rc iso_graph_add_ends(struct iso_graph_builder *);
#endif
