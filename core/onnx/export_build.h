/* export_build.h (private): declarations shared by the files that export a model: export.c walks
 * the graph, export_layers.c, export_images.c, export_normalizations.c and export_functions.c know
 * each op, export_nodes.c makes ONNX's nodes, constants and orders of axes. */
#ifndef ISO_ONNX_EXPORT_BUILD_H
#define ISO_ONNX_EXPORT_BUILD_H
#include "export.h"

/* ONNX's name of one of the graph's values, in each order of axes that was asked for: as isocl has
 * it, and with the channels of an image behind the batch. NULL: not made yet. */
struct iso_onnx_names {
    const char *last, *first;
};

struct iso_onnx_exporter {
    struct iso_exec *exec;
    const struct iso_graph *graph;
    struct iso_onnx *m;
    struct iso_onnx_names *names; /* [graph->nvalues] */
    int room, tensor_room;        /* capacity of m->nodes and m->tensors */
    const char *layer;            /* name of the layer whose nodes are being made */
    bool failed;                  /* out of memory; the message is set */
};

/* ---- export_nodes.c: what fails sets `failed` and gives NULL, which all of them take ---- */

/* Adds a node with one result and returns its name, y: an empty name makes one of the layer's and
 * the op's. */
struct iso_onnx_node *iso_onnx_add(struct iso_onnx_exporter *, const char *op, const char *name,
                                   const char *y);
/* Inputs, one after another, and attributes. */
void iso_onnx_input(struct iso_onnx_exporter *, struct iso_onnx_node *, const char *x);
void iso_onnx_int(struct iso_onnx_exporter *, struct iso_onnx_node *, const char *name, int64_t);
void iso_onnx_real(struct iso_onnx_exporter *, struct iso_onnx_node *, const char *name, double);
void iso_onnx_word(struct iso_onnx_exporter *, struct iso_onnx_node *, const char *name,
                   const char *);
void iso_onnx_ints(struct iso_onnx_exporter *, struct iso_onnx_node *, const char *name, int n,
                   const int64_t *);
/* A constant by name, with room for its numbers, zero; the caller fills them. */
float *iso_onnx_constant(struct iso_onnx_exporter *, const char *name, int ndim,
                         const int64_t *dim);
/* A constant of whole numbers, [n]; returns its name, <layer>/<suffix>. */
const char *iso_onnx_numbers(struct iso_onnx_exporter *, const char *suffix, int n,
                             const int64_t *);
/* "<layer>/<suffix>" */
const char *iso_onnx_subname(struct iso_onnx_exporter *, const char *suffix);
/* Node's weight w as a constant of its own name, in isocl's layout; NULL when it has none. */
const char *iso_onnx_weight(struct iso_onnx_exporter *, const struct iso_node *, int w);
/* Its numbers, to be laid out otherwise; free them. NULL sets failed. */
float *iso_onnx_weight_read(struct iso_onnx_exporter *, int value);

/* The value's shape, as isocl has it. */
const struct iso_shape *iso_onnx_shape(const struct iso_onnx_exporter *, int value);
/* Returns a value's name with this order of axes; adds a Transpose if there is none yet. */
const char *iso_onnx_as(struct iso_onnx_exporter *, int value, bool channels_first);
/* Returns true if an op that takes either order should read the value with channels first, because
 * that is its order. */
bool iso_onnx_lies_first(const struct iso_onnx_exporter *, int value);
/* The node that computes `value`, in this order of axes. */
struct iso_onnx_node *iso_onnx_add_for(struct iso_onnx_exporter *, const char *op, const char *name,
                                       int value, bool channels_first);

/* ---- export_images.c ---- */

void iso_onnx_export_dense(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_conv2d(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_conv2d_transpose(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_depthwise_conv2d(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_separable_conv2d(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_max_pooling2d(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_average_pooling2d(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_up_sampling2d(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_global_average_pooling2d(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_global_max_pooling2d(struct iso_onnx_exporter *, const struct iso_node *);

/* ---- export_normalizations.c ---- */

void iso_onnx_export_batch_normalization(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_layer_normalization(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_group_normalization(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_local_response_normalization(struct iso_onnx_exporter *,
                                                  const struct iso_node *);

/* ---- export_attention.c, export_tokens.c ---- */

/* A Reshape of x to this shape, in which 0 is what x has there; it is called <part>_<what>, or
 * <what>. */
const char *iso_onnx_reshaped(struct iso_onnx_exporter *, const char *x, const char *part,
                              const char *what, int n, const int64_t *dim);

void iso_onnx_export_dot_product_attention(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_unit_normalization(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_class_token(struct iso_onnx_exporter *, const struct iso_node *);
void iso_onnx_export_position_embedding(struct iso_onnx_exporter *, const struct iso_node *);

/* ---- export_layers.c ---- */

/* Adds ONNX's nodes for one of the graph's. */
void iso_onnx_export_node(struct iso_onnx_exporter *, const struct iso_node *);

/* ---- export_functions.c ---- */

/* y = activation(x), with x's order of axes. */
void iso_onnx_export_activation(struct iso_onnx_exporter *, const struct iso_activation *, int x,
                                int y);
#endif
