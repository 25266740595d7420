/* exec.h: runs a graph on a backend: plans its memory, then runs forward, backward and update. Only
 * the executor calls kernels. A step allocates nothing and does not synchronise. */
#ifndef ISO_EXEC_H
#define ISO_EXEC_H
#include "core/model/graph.h"
#include "core/data/dataset.h"
#include "core/ranks/ranks.h"

struct iso_exec;
/* Says which layers run forward again in the backward pass (parts.h): those that the model names
 * and its limit of memory asks for; nothing; or what saves most memory. The last two ignore the
 * limit. */
enum iso_again { ISO_AGAIN_AS_MODEL, ISO_AGAIN_NEVER, ISO_AGAIN_MOST };
struct iso_exec_options {
    bool training;        /* plan gradients and optimizer state too */
    bool keep_all;        /* do not reuse memory, so that every value can be read after a step */
    const char *readable; /* name of a value, such as conv2d_1/y, that can be read after a forward
                             pass, like the output; NULL: none */
    bool augmented;       /* batches are fed as the first layer's input: augment nothing */
    bool plan_only;       /* allocate no device memory: the executor only tells its memory plan */
    uint64_t seed;
    int64_t log_steps;       /* log rows, written between two reads of the log; at least 1 */
    struct iso_ranks *ranks; /* compute the shards of a training step together, and the batches of
                                an evaluation, so that all make the same calls; borrowed; NULL: this
                                device computes all */
    enum iso_again again;    /* in training, without keep_all */
    int64_t compare_every;   /* two ranks compute a shard of one step in this number, and compare;
                                0: never. Not with synchronized layers */
    int threads; /* for work on the host besides the device's, such as adding ranks' sums; 0: as
                    many as this process may use */
    size_t bucket_bytes; /* ranks exchange gradients in buckets of this size; 0: a good one */
};
/* Plans the graph on the backend; both are borrowed. Fails with ISO_EUNSUP if the device cannot run
 * an op (the message names op, layer, device and reason) and with ISO_ENOMEM or ISO_EDEVICE if
 * memory does not suffice (the message says how much is needed and suggests a smaller batch). */
iso_rc iso_exec_new(const struct iso_graph *, struct iso_backend *, const struct iso_exec_options *,
                    struct iso_exec **out);
void iso_exec_free(struct iso_exec *);
const struct iso_graph *iso_exec_graph(const struct iso_exec *);
struct iso_backend *iso_exec_backend(const struct iso_exec *);
bool iso_exec_trains(const struct iso_exec *); /* returns options.training */

/* Sets initial weights from the seed, and the optimizer state before the first step. */
iso_rc iso_exec_initialize(struct iso_exec *);

/* Puts a data set on the device (0: train, 1: validation); labels become the graph's targets. A
 * data set without labels is for prediction only: its losses and metrics mean nothing. Images stay
 * where they are, and are read ahead batch by batch with the same results, if they are on disk or
 * too large for the device: larger than its largest allocation or, with those of the other data
 * set, than half of its memory. Images in memory are then borrowed until the executor has another
 * set or is freed; those on disk are shared. */
iso_rc iso_exec_data(struct iso_exec *, int which, const struct iso_dataset *);
/* Returns true if images or kept features of data set `which` are read ahead because they are not
 * all on the device. */
bool iso_exec_streams(const struct iso_exec *, int which);
/* Writes the classes of the first rows of data set `which`, in its own order, to out[rows]; -1 if
 * it has no labels. Waits for the device. */
iso_rc iso_exec_labels(struct iso_exec *, int which, int64_t rows, int32_t *out);
/* Sets the order in which rows of data set `which` are taken; NULL: its own order. */
iso_rc iso_exec_order(struct iso_exec *, int which, const int32_t *order);
/* Makes `rows` rows of the order, from `first` on, the current batch, rows <= batch, and fills
 * input and target with its first shard: with all of it, unless the graph has shards. */
iso_rc iso_exec_gather(struct iso_exec *, int which, int64_t first, int64_t rows);
/* Makes rows from the host the current batch instead: x float32 [rows, ...input]; y_class int32
 * [rows] (made one-hot here if the loss needs that) or y_prob float32 [rows, classes], the other
 * NULL. Both NULL: prediction only. They are copied if they are more than a shard. */
iso_rc iso_exec_feed(struct iso_exec *, int64_t rows, const float *x, const int32_t *y_class,
                     const float *y_prob);

/* exec_views.c: test-time augmentation. From now on scores and predictions outside training are the
 * mean of the output over several views of each image. name: flip, the image and its mirror image;
 * five_crop, windows of the size of the model's random_crop in the four corners and the middle;
 * ten_crop, those and their mirror images; NULL: the image alone. Fails with ISO_EUSAGE if the
 * model has no such views. */
iso_rc iso_exec_use_views(struct iso_exec *, const char *name);
/* Returns the number of views of each image; 1: no such augmentation. */
int iso_exec_views(const struct iso_exec *);

/* exec_keep.c: computes the result of the first layers that never change, for the data sets on the
 * device, and keeps it in place of their images. Later batches begin behind these layers, with the
 * same bits. Features that are too large for the device, by the rule for images, go to an unnamed
 * file in the folder (NULL: TMPDIR, or /tmp) and are read ahead from there. The weights must be set
 * and must not change afterwards. Fails with ISO_EMODEL if there are no such layers, and with
 * ISO_EIO if the file system lacks room. Waits for the device; a second call does nothing. */
struct iso_kept {
    int nodes, value;   /* forward skips this number of first nodes; their result, a value */
    int64_t rows, size; /* rows of all data sets; numbers per row */
};
iso_rc iso_exec_keep(struct iso_exec *, const char *folder);
/* Returns true if there are such layers. */
bool iso_exec_keeps(const struct iso_exec *);
const struct iso_kept *iso_exec_kept(const struct iso_exec *); /* nodes 0: nothing */

/* exec_shards.c. Returns the number of shards of the current batch: at least 1, and only those that
 * have rows. */
int iso_exec_shards(const struct iso_exec *);
/* Fills input and target with shard number `shard` of the current batch, unless they hold it. */
iso_rc iso_exec_shard(struct iso_exec *, int shard);
/* Computes all that an update needs: the gradients of the weights from the current batch, shard by
 * shard, and the moving statistics. Loss and metrics go to log_row, 0 <= log_row < log_steps. step
 * counts from 0. */
iso_rc iso_exec_train(struct iso_exec *, uint64_t step, int64_t log_row);
/* Computes the loss and the metrics of the current batch, shard by shard, outside training. */
iso_rc iso_exec_score(struct iso_exec *, int64_t log_row);

/* exec_ranks.c: a training step of several ranks. Returns them; NULL: there is only this one. */
struct iso_ranks *iso_exec_ranks(const struct iso_exec *);
struct iso_exec_bytes {
    uint64_t sent, received;
};
/* Returns the bytes that this rank exchanges in a step in which that many shards have rows. */
struct iso_exec_bytes iso_exec_step_bytes(const struct iso_exec *, int shards);
/* exec_slices.c: each of several ranks has the optimizer's slots, and after a step the gradients,
 * of its slices of the weights only. Collects them whole, on rank 0 or on all ranks, who all call
 * it: so that iso_exec_slot_read works there, and gradients can be read as without ranks. Release
 * frees the slots. Both do nothing without ranks. */
iso_rc iso_exec_collect(struct iso_exec *, bool all);
void iso_exec_release(struct iso_exec *);
/* Returns true if ranks divide the tensor of this name, a slot; *weight and *slot: which. Its
 * iso_exec_tensor has no memory then. */
bool iso_exec_divided_slot(const struct iso_exec *, const char *name, int *weight, int *slot);
/* Copy such a slot of a weight to and from host memory. Write keeps what this rank has of it; read
 * fails with ISO_EUSAGE unless slots are collected here. */
iso_rc iso_exec_slot_read(const struct iso_exec *, int weight, int slot, double *numbers);
iso_rc iso_exec_slot_write(struct iso_exec *, int weight, int slot, const double *numbers);
iso_rc iso_exec_slot_read_f32(const struct iso_exec *, int weight, int slot, float *numbers);
iso_rc iso_exec_slot_write_f32(struct iso_exec *, int weight, int slot, const float *numbers);
/* One part of the sums that ranks exchange: its bytes, and the node after whose backward pass they
 * are finished; -1: the forward pass finishes them. */
struct iso_exec_bucket {
    int node;
    uint64_t bytes;
};
/* Writes what ranks exchange in a step, in its order, at most max parts, and returns their number;
 * 0 without ranks. */
int iso_exec_buckets(const struct iso_exec *, struct iso_exec_bucket *out, int max);
struct iso_exec_traffic { /* messages of the steps so far */
    int64_t steps;
    struct iso_exec_bytes planned, counted; /* counted by who carries the messages */
    int64_t compared;       /* shards that two ranks have computed with the same bits */
    double seconds, waited; /* duration of the steps; and the part that waited for messages */
    double comparing;       /* seconds before steps, spent on shards that two ranks compute */
};
struct iso_exec_traffic iso_exec_traffic(const struct iso_exec *);

/* Run one pass over the shard in place, which is the whole batch unless there are several. Loss and
 * metrics go to log_row. */
iso_rc iso_exec_forward(struct iso_exec *, bool training, uint64_t step, int64_t log_row);
iso_rc iso_exec_backward(struct iso_exec *, uint64_t step);
/* rate: the learning rate, before the optimizer's own decay (learning_rate.h). */
iso_rc iso_exec_update(struct iso_exec *, uint64_t step, double rate);
/* exec_average.c: the moving average of the weights, if the optimizer keeps one. Makes each trained
 * weight its average: at the end of a phase. Ranks call it together. */
iso_rc iso_exec_finish_average(struct iso_exec *);
/* Sets the average of a weight to these values, if it has one: to go on from. */
iso_rc iso_exec_begin_average(struct iso_exec *, const char *weight, const double *values);
/* Returns true if the node has a kernel call of its own in this pass, FORWARD or BACKWARD. Views
 * have none, nor have nodes that are fused into the kernel of an earlier node (core/train/fusion.h;
 * none are with keep_all). */
bool iso_exec_runs(const struct iso_exec *, int node, enum iso_pass);
/* Returns true during a visit, in a backward pass, of a node that runs forward again because its
 * results were not kept (parts.h); set says so for calls outside a visit. */
bool iso_exec_again(const struct iso_exec *);
void iso_exec_set_again(struct iso_exec *, bool again);
/* Gives the call that forward or backward makes for a node, with memory set. */
void iso_exec_call(struct iso_exec *, int node, enum iso_pass, bool training, uint64_t step,
                   int64_t log_row, struct iso_call *out);
/* Runs such a call on the device. */
iso_rc iso_exec_launch(struct iso_exec *, int node, enum iso_pass, const struct iso_call *);
/* Visits the nodes that have a call in this pass, FORWARD or BACKWARD, in the order in which they
 * run. Nodes that run forward again are visited within the backward pass, with FORWARD. Returns the
 * code of the first visit that fails. */
typedef iso_rc iso_exec_visit(void *self, int node, enum iso_pass);
iso_rc iso_exec_walk(struct iso_exec *, enum iso_pass, iso_exec_visit *, void *self);
/* Does what iso_exec_train does, with a visit in place of each launch: both passes, shard by
 * shard. */
iso_rc iso_exec_walk_step(struct iso_exec *, int64_t log_row, iso_exec_visit *, void *self);

/* Reads the graph's logged numbers (mean losses, metrics' counts of rows, penalties) of log rows
 * [0, n) into out[log_row * graph->columns + value.at]; the loss includes the penalties. Waits for
 * the device. */
iso_rc iso_exec_log(struct iso_exec *, int64_t n, double *out);
/* Reads the counts [graph->ncounts] that metrics with forward_adds have added up since
 * iso_exec_clear_counts. The executor owns *out; it is valid until the next read for data set
 * `which`. *out is NULL if the graph has no such metric. Waits for the device. With ranks, all of
 * them call it, and get the counts of all; from then on rank 0 has them, and the others none. */
iso_rc iso_exec_counts(struct iso_exec *, int which, const double **out);
iso_rc iso_exec_clear_counts(struct iso_exec *);
/* Sets the counts to those of an earlier read, of all ranks; NULL if the graph has none. */
iso_rc iso_exec_put_counts(struct iso_exec *, const double *counts);

/* Finds the tensor of a name: a value, d/<value>, or <layer>/<weight>/<slot>. Returns false if
 * there is none, or if its memory is reused because the executor was made without keep_all. Batched
 * shapes have the current number of rows. */
bool iso_exec_tensor(struct iso_exec *, const char *name, struct iso_tensor *out);

/* Number of weights, and their names, sorted byte-wise as in trace and weight files. */
int iso_exec_nweights(const struct iso_exec *);
const char *iso_exec_weight(const struct iso_exec *, int i); /* layer/kernel */
/* Returns the number of slots that the optimizer keeps for a trainable weight. */
int iso_exec_nslots(const struct iso_exec *);
const char *iso_exec_slot(const struct iso_exec *, int i); /* momentum, velocity */
/* Writes the SHA-256 over all weights in that order, each as little-endian float32. */
iso_rc iso_exec_hash(struct iso_exec *, char hex[65]);

struct iso_memory {
    const char *arena;
    uint64_t bytes, without_reuse;
};
/* Writes the memory plan, at most max lines, and returns their number. */
int iso_exec_memory(const struct iso_exec *, struct iso_memory *out, int max);
/* exec_advice.c. Returns the bytes of all lines. */
uint64_t iso_exec_bytes(const struct iso_exec *);
/* Returns the bytes that a graph of the same batch in this number of shards needs; 0 if it cannot
 * be planned or, without plan_only, if the device lacks the memory. */
uint64_t iso_exec_bytes_in_shards(const struct iso_graph *, struct iso_backend *,
                                  const struct iso_exec_options *, int64_t shards);
#endif
