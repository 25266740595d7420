/* exec.h: a graph on a backend: plans its memory, then runs forward, backward and update. The only
 * caller of kernels. Nothing is allocated and nothing is synchronised inside a step. */
#ifndef ISO_EXEC_H
#define ISO_EXEC_H
#include "core/model/graph.h"
#include "core/data/dataset.h"

struct iso_exec;
struct iso_exec_options {
    bool training;        /* gradients and optimizer state are planned too */
    bool keep_all;        /* no reuse of memory: every value can be read after a
                             step */
    const char *readable; /* a value by name, such as conv2d_1/y, that can be read
                             after a forward pass, as the output can; NULL: none */
    bool augmented;       /* the batches are fed as the first layer is to see them:
                             nothing is augmented */
    uint64_t seed;
    int64_t log_steps; /* log rows between two reads of the log; at least 1 */
};
/* Fails with ISO_EUNSUP when the device cannot run an op (names op, layer, device, reason) and with
 * ISO_ENOMEM or ISO_EDEVICE when memory does not suffice (says how much, suggests a smaller
 * batch). */
iso_rc iso_exec_new(const struct iso_graph *, struct iso_backend *, const struct iso_exec_options *,
                    struct iso_exec **out);
void iso_exec_free(struct iso_exec *);
const struct iso_graph *iso_exec_graph(const struct iso_exec *);
struct iso_backend *iso_exec_backend(const struct iso_exec *);
bool iso_exec_trains(const struct iso_exec *); /* it was made for training */

/* Initial weights from the seed; optimizer state as it is before the first step. */
iso_rc iso_exec_initialize(struct iso_exec *);

/* Puts a data set on the device (0: train, 1: validation); labels become the graph's targets. One
 * without labels is for prediction only: losses and metrics of it mean nothing. Images that are on
 * disk, or too many for the device (for half of its memory, with those of the other data set, or
 * for what it allocates at once), stay where they are and are read ahead, batch by batch, with the
 * same results. Those in memory are then borrowed until the executor has another set or is freed;
 * those on disk are shared. */
iso_rc iso_exec_data(struct iso_exec *, int which, const struct iso_dataset *);
/* True if images or kept features of data set `which` are read ahead, and not all on the device. */
bool iso_exec_streams(const struct iso_exec *, int which);
/* The classes of the first rows of data set `which`, in its own order: out[rows]; -1 where it has
 * no labels. Waits for the device. */
iso_rc iso_exec_labels(struct iso_exec *, int which, int64_t rows, int32_t *out);
/* The order in which data set `which` is taken; NULL: as it is. */
iso_rc iso_exec_order(struct iso_exec *, int which, const int32_t *order);
/* Fills input and target with rows first.. of the order (rows <= batch) on the device. */
iso_rc iso_exec_gather(struct iso_exec *, int which, int64_t first, int64_t rows);
/* Or from the host: x float32 [rows, ...input], y int32 [rows] classes (one-hot made here when the
 * loss wants it) or float32 [rows, classes]; one of y_class and y_prob is NULL; both NULL:
 * prediction only. */
iso_rc iso_exec_feed(struct iso_exec *, int64_t rows, const float *x, const int32_t *y_class,
                     const float *y_prob);

/* exec_keep.c: what the layers at the beginning give that never changes, kept for the data sets on
 * the device in place of their images. Later batches from them begin behind these layers, with the
 * same bits. What is too many for the device, as images are, goes to a file without a name in the
 * folder (NULL: TMPDIR, or /tmp), and is read ahead from there. The weights must be in place and
 * stay. Fails with ISO_EMODEL when there are no such layers, and with
 * ISO_EIO when the file system lacks room. Waits for the device; a second call does nothing. */
struct iso_kept {
    int nodes, value;   /* forward leaves out the first so many nodes; what they give
                           to the rest */
    int64_t rows, size; /* of all data sets; numbers a row */
};
iso_rc iso_exec_keep(struct iso_exec *, const char *folder);
const struct iso_kept *iso_exec_kept(const struct iso_exec *); /* nodes 0: nothing */

/* Run on the batch in place. log_row: where loss and metrics go, 0 <= log_row < log_steps. step
 * counts from 0. */
iso_rc iso_exec_forward(struct iso_exec *, bool training, uint64_t step, int64_t log_row);
iso_rc iso_exec_backward(struct iso_exec *, uint64_t step);
/* rate: the learning rate, before the optimizer's own decay (learning_rate.h). */
iso_rc iso_exec_update(struct iso_exec *, uint64_t step, double rate);
/* True if the node has a kernel call of its own in this pass, FORWARD or BACKWARD: views have none,
 * nor what the kernel of a node before runs, too (core/train/fusion.h; never with keep_all). */
bool iso_exec_runs(const struct iso_exec *, int node, enum iso_pass);
/* Node by node: the calls forward and backward make, with memory set; */
void iso_exec_call(struct iso_exec *, int node, enum iso_pass, bool training, uint64_t step,
                   int64_t log_row, struct iso_call *out);
/* such a call on the device; */
iso_rc iso_exec_launch(struct iso_exec *, int node, enum iso_pass, const struct iso_call *);
/* and the nodes that have one in this pass, FORWARD or BACKWARD, in the order that they run. Ends
 * with the first visit that fails. */
typedef iso_rc iso_exec_visit(void *self, int node, enum iso_pass);
iso_rc iso_exec_walk(struct iso_exec *, enum iso_pass, iso_exec_visit *, void *self);

/* The graph's logged numbers (loss means, metrics' counts of rows, penalties) of log rows [0, n):
 * out[log_row * graph->columns + value.at]; the loss has the penalties added. Waits for the device.
 */
iso_rc iso_exec_log(struct iso_exec *, int64_t n, double *out);
/* Reads what the metrics that add have counted since iso_exec_clear_counts: [graph->ncounts], kept
 * by the executor until the next reading for data set `which`; NULL when the graph has no such
 * metric. Waits for the device. */
iso_rc iso_exec_counts(struct iso_exec *, int which, const double **out);
iso_rc iso_exec_clear_counts(struct iso_exec *);
/* Sets them to what a reading gave, as if nothing had been counted since; NULL where there are
 * none. */
iso_rc iso_exec_put_counts(struct iso_exec *, const double *counts);

/* The tensor of a name: a value's, d/<value>, or <layer>/<weight>/<slot>. False when there is none
 * (or its memory is shared and keep_all was not asked). Batched shapes have the current rows. */
bool iso_exec_tensor(struct iso_exec *, const char *name, struct iso_tensor *out);

/* Weights by name, sorted byte-wise, as trace and weight files list them. */
int iso_exec_nweights(const struct iso_exec *);
const char *iso_exec_weight(const struct iso_exec *, int i); /* layer/kernel */
/* Returns the number of slots that the optimizer keeps for a trainable weight. */
int iso_exec_nslots(const struct iso_exec *);
const char *iso_exec_slot(const struct iso_exec *, int i); /* momentum, velocity */
/* SHA-256 over all weights in that order, each as little-endian float32. */
iso_rc iso_exec_hash(struct iso_exec *, char hex[65]);

struct iso_memory {
    const char *arena;
    uint64_t bytes, without_reuse;
};
/* The memory plan, at most max lines; returns their number. */
int iso_exec_memory(const struct iso_exec *, struct iso_memory *out, int max);
#endif
