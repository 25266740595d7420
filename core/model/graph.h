/* graph.h: the static graph: which op reads and writes which value, with names and shapes settled.
 *
 * The augmentations come first: they make `input`, which the layers read, of `images`, which a
 * batch fills. One that mixes rows stands before the loss, too, and makes `target` of `labels` and
 * `sample_weight` of `label_weight`. A layer becomes one node, two when it has an `activation:`; a
 * loss and the activation that it absorbs (a softmax) become one node, which also writes the
 * probabilities. Nodes stand in the order they run. */
#ifndef ISO_GRAPH_H
#define ISO_GRAPH_H
#include "model.h"

enum iso_role {
    ISO_ROLE_INPUT,
    ISO_ROLE_TARGET,
    ISO_ROLE_VALUE,
    ISO_ROLE_WEIGHT,
    ISO_ROLE_SAVED,
    ISO_ROLE_SCALAR, /* one number a step, in a column of the log */
    ISO_ROLE_COUNTS
}; /* added to from step to step, in memory of their own */
struct iso_value {
    char name[ISO_NAME]; /* images, input, target, loss, conv2d_1/y, conv2d_1/kernel,
                            dropout_1/mask; what has no public name (before an
                            activation): conv2d_1/logits */
    enum iso_role role;
    enum iso_dtype dtype;
    struct iso_shape shape; /* with dim[0] = the graph's batch where it is batched */
    bool batched, trainable;
    bool gradient;                             /* d/<name> is computed */
    const struct iso_initializer *initializer; /* of a weight */
    const struct iso_regularizer *regularizer; /* of a trainable weight; NULL: none */
    int layer;                                 /* index in the model; -1 for input, target, loss */
    int weight;                                /* of a weight: its index among the layer's */
    int view_of;                               /* the value whose memory this one shares, or -1 */
    int64_t at;                                /* SCALAR: its column; COUNTS: their first element */
};
struct iso_node {
    enum iso_op op;
    const void *params; /* borrowed from the model, or owned by the graph */
    int layer;          /* index in the model; -1: it belongs to none */
    int augmentation;   /* index among the model's, where it is one */
    bool inference;     /* runs as when not training, in training too: what forward
                           would change is frozen */
    int nx, ny, nw, nsaved;
    /* value indices; w -1: left out */
    int x[ISO_OPERANDS], y[ISO_OPERANDS], w[ISO_OPERANDS], saved[ISO_OPERANDS];
};
struct iso_graph {
    const struct iso_model *model;       /* borrowed; must outlive the graph */
    const struct iso_training *training; /* the model's phase that the graph is built for */
    int64_t batch;
    struct iso_value *values;
    int nvalues;
    /* The layers (with what mixes targets behind them), then loss, then metrics, then the penalties
     * of weights. */
    struct iso_node *nodes;
    int nnodes;
    int loss_node, nlayer_nodes;     /* nodes[0..nlayer_nodes) are layers; loss_node =
                                        nlayer_nodes */
    int input, target, output, loss; /* values; input: what a batch fills; output: the last
                                        layer's y (probabilities) */
    int augmented;                   /* value: what the layers read; input when there are no
                                        augmentations */
    int columns;                     /* of the log: one a scalar; that of the loss is 0 */
    int64_t ncounts;                 /* elements of all counts */
    int metric[ISO_METRICS];         /* value of each of the model's metrics: a scalar, its count
                                        over the batch, or counts that several may share */
    int sample_weight;               /* value: a weight for each row in the loss; -1: none */
    int mixed_target, mixed_weight;  /* values: what loss and metrics read; target and
                                        sample_weight when no augmentation mixes rows */
    float *class_weight;             /* [classes]; NULL: none */
    int64_t classes;                 /* that the output tells apart: a number for each, or a
                                        single one for two */
    void *owned;                     /* params made by the graph */
};
/* Shapes every op for this batch; the loss, the augmentations and what trains are those of the
 * phase (0 <= phase < model->nphases). Faults (shapes that do not fit, a loss without its
 * activation) have the layer's location. *out is set only on success; free with iso_graph_free. */
iso_rc iso_graph_build(const struct iso_model *, int phase, int64_t batch, struct iso_faults *,
                       struct iso_graph **out);
void iso_graph_free(struct iso_graph *);
/* True if the node has a backward pass, if anything wants its gradients. */
bool iso_graph_has_backward(const struct iso_graph *, int node);
/* Returns how many numbers the weights have; trainable ones only, or all. */
int64_t iso_graph_parameters(const struct iso_graph *, bool trainable);
/* The value whose memory this one has: itself, or the value it is a view of. */
int iso_graph_root(const struct iso_graph *, int value);
/* Index of a value by name, or -1. */
int iso_graph_find(const struct iso_graph *, const char *name);
/* Fills shapes, dtypes, params, layer of the node's call for this many rows; no memory. */
iso_rc iso_graph_call(const struct iso_graph *, int index, int64_t rows, struct iso_call *out);
#endif
