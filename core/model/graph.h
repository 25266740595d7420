/* graph.h: the static graph: the ops, and the values that they read and write, with names and
 * shapes.
 *
 * The augmentations come first: they turn `images`, which a batch fills, into `input`, which the
 * layers read. An augmentation that mixes rows has further nodes before the loss, which turn
 * `labels` into `target` and `label_weight` into `sample_weight`. A layer becomes one node, or two
 * if it has an `activation:`; a loss and the activation that it absorbs (a softmax) become one
 * node, which also writes the probabilities. Nodes are in the order in which they run. */
#ifndef ISO_GRAPH_H
#define ISO_GRAPH_H
#include "model.h"

enum iso_role {
    ISO_ROLE_INPUT,
    ISO_ROLE_TARGET,
    ISO_ROLE_VALUE,
    ISO_ROLE_WEIGHT,
    ISO_ROLE_SAVED,
    ISO_ROLE_SCALAR, /* one number per step, in a column of the log */
    ISO_ROLE_COUNTS
}; /* counts that steps add to, in memory of their own */
struct iso_value {
    char name[ISO_NAME]; /* images, input, target, loss, conv2d_1/y, conv2d_1/kernel,
                            dropout_1/mask; conv2d_1/logits before an activation */
    enum iso_role role;
    enum iso_dtype dtype;
    struct iso_shape shape; /* dim[0] is the graph's shard_rows if batched */
    bool batched, trainable;
    bool gradient;                             /* d/<name> is computed */
    const struct iso_initializer *initializer; /* WEIGHT */
    const struct iso_regularizer *regularizer; /* WEIGHT, if trainable; NULL: none */
    int layer;                                 /* index in the model; -1 for input, target, loss */
    int weight;                                /* WEIGHT: its index among the layer's */
    int view_of;                               /* the value whose memory this one shares, or -1 */
    int64_t at;                                /* SCALAR: its column; COUNTS: index of the first */
};
struct iso_node {
    enum iso_op op;
    const void *params; /* borrowed from the model, or owned by the graph */
    int layer;          /* index in the model; -1: none */
    int augmentation;   /* index among the model's, for an augmentation */
    bool inference; /* runs as outside training, always: the weights that forward would change are
                       frozen */
    int nx, ny, nw, nsaved;
    /* indices of values; w -1: absent */
    int x[ISO_OPERANDS], y[ISO_OPERANDS], w[ISO_OPERANDS], saved[ISO_OPERANDS];
};
struct iso_graph {
    const struct iso_model *model;       /* borrowed; must outlive the graph */
    const struct iso_training *training; /* the model's phase that the graph is built for */
    int64_t batch;                       /* rows of a step */
    int64_t shards,
        shard_rows; /* shards of a step, and rows of each but the last; values hold one */
    struct iso_value *values;
    int nvalues;
    /* The layers, followed by the nodes that mix targets; then the loss, the metrics, and the
     * penalties of weights. */
    struct iso_node *nodes;
    int nnodes;
    int loss_node, nlayer_nodes;     /* nodes[0..nlayer_nodes) are layers; loss_node =
                                        nlayer_nodes */
    int first_penalty;               /* nodes from here on are penalties of weights */
    int input, target, output, loss; /* values; a batch fills input; output: y of the last layer */
    int augmented;           /* value that the layers read; equals input without augmentations */
    int columns;             /* columns of the log, one per scalar; the loss has column 0 */
    int step_columns;        /* the first columns, which depend on rows; the others are penalties */
    int64_t ncounts;         /* elements of all counts */
    int metric[ISO_METRICS]; /* value of each of the model's metrics: a scalar, the count over the
                                batch, or counts, which several metrics may share */
    int sample_weight;       /* value with each row's weight in the loss; -1: none */
    int mixed_target, mixed_weight; /* values that loss and metrics read; equal target and
                                       sample_weight if no augmentation mixes rows */
    float *class_weight;            /* [classes]; NULL: none */
    int64_t classes; /* number of classes of the output; one output per class, or a single one for
                        two */
    bool targets;    /* rows have no class, but a number for each output */
    void *owned;     /* params made by the graph */
};
/* Builds the graph of a phase (0 <= phase < model->nphases) with its loss, augmentations and
 * trainable weights, and computes all shapes for a shard of this batch (all of it, unless the model
 * has shards). Faults (shapes that do not fit, a loss
 * without its activation) have the layer's location. *out is set only on success; free with
 * iso_graph_free. */
iso_rc iso_graph_build(const struct iso_model *, int phase, int64_t batch, struct iso_faults *,
                       struct iso_graph **out);
void iso_graph_free(struct iso_graph *);
/* Returns true if forward changes weights of this node in training. */
bool iso_graph_changes(const struct iso_graph *, int node);
/* Returns true if a node has the statistics of all shards of a step (exec_synchronized.c); nothing
 * is fused with it, since it runs in two parts. All nodes that change weights do, or none. */
bool iso_graph_synchronizes(const struct iso_graph *, int node);
/* Returns true if the node has a backward pass and one of its gradients is wanted. */
bool iso_graph_has_backward(const struct iso_graph *, int node);
/* Returns the number of elements of all weights, or of the trainable ones only. */
int64_t iso_graph_parameters(const struct iso_graph *, bool trainable);
/* Returns the value whose memory this one uses: itself, or the value it is a view of. */
int iso_graph_root(const struct iso_graph *, int value);
/* Returns the index of a value by name, or -1. */
int iso_graph_find(const struct iso_graph *, const char *name);
/* Sets shapes, dtypes, params and layer of the node's call for this number of rows, but no memory.
 */
iso_rc iso_graph_call(const struct iso_graph *, int index, int64_t rows, struct iso_call *out);
#endif
