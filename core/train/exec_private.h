/* exec_private.h (private): declarations shared by the files of the executor. */
#ifndef ISO_EXEC_PRIVATE_H
#define ISO_EXEC_PRIVATE_H
#include "exec.h"
#include "plan.h"
#include "core/data/disk.h"
#include "core/data/stream.h"

enum { ISO_DATASETS = 2 };

struct iso_resident { /* a data set on the device */
    struct iso_mem *images, *labels, *order;
    struct iso_mem *targets;  /* [rows, targets]; NULL: rows have labels */
    struct iso_mem *weights;  /* weights of the rows in the loss; NULL: all are 1 */
    struct iso_mem *features; /* kept in place of the images; NULL: not kept */
    size_t bytes;             /* size of the images or features that are on the device */
    int64_t rows;
    bool labelled;             /* false: there are no labels; the buffer holds zeros */
    struct iso_stream *stream; /* reads images or features ahead, into room for one batch; NULL: all
                                  are on the device */
    size_t stream_row;         /* bytes per row of the stream */
    bool own_rows;             /* it has only the rows that this rank trains on */
    struct iso_disk *disk; /* source of images that stream, shared; NULL: they are in host memory */
    const uint8_t *host;   /* images in host memory, borrowed */
    struct iso_mem *batch_order; /* 0, 1, 2 ...: order of the rows of a batch that was read ahead */
    struct iso_row_file *file;   /* source of features that stream; NULL: none */
    int threads;                 /* threads that read ahead; 0: one per processor */
};
struct iso_arena_memory {
    struct iso_mem **chunk;
    int n;
}; /* one buffer per chunk of an arena */

struct iso_share { /* consecutive rows or shards */
    int64_t begin, end;
};

/* The deepest balanced tree over the shards of a step: sums that wait for their partners. */
enum { ISO_LEVELS = 17 };
struct iso_level {
    struct iso_arena_memory
        gradients; /* gradients of weights; level 0: NULL, they are the step's */
    struct iso_arena_memory statistics; /* sums of what forward changes */
};
struct iso_batch { /* the current batch */
    int which;     /* its data set; -1: it was fed */
    int64_t first, rows;
    float *x, *y_prob; /* fed rows, owned, if they are more than one shard */
    int32_t *y_class;
};

struct iso_exec {
    const struct iso_graph *graph; /* borrowed, as is the backend */
    struct iso_backend *backend;
    struct iso_exec_options options;
    struct iso_plan plan;
    struct iso_arena_memory weights, fixed, weight_gradients, slots[ISO_OPERANDS], values,
        gradients;
    int nslots;
    void *optimizer; /* the optimizer's params, with the learning rate of the step; owned */
    struct iso_mem *workspace, *log, *counts;
    struct iso_mem *norms; /* squared norm of each weight's gradient; NULL: not wanted */
    int64_t nnorms;        /* number of norms; 0: not wanted */
    bool too_large;        /* memory for the plan is what the executor failed for */
    bool settled;          /* the backend's settle was called, for all calls */
    size_t workspace_bytes, log_bytes, counts_bytes;
    double *counted[ISO_DATASETS]; /* host copies of the counts, made when first read */
    int64_t rows;                  /* rows of the shard in place */
    struct iso_batch batch;
    int shards, shard, level; /* shards of the current batch that have rows; the one in place; and
                                 the level of its sums in the tree */
    struct iso_share tree;    /* the shards that are added now: all, or a rank's subtree */
    struct iso_exec_ranks *divided;        /* NULL: no ranks */
    struct iso_synchronized *synchronized; /* NULL: no layer has the statistics of all shards */
    bool keeping; /* features are being kept: each rank computes all rows */
    int nlevels;  /* levels that a whole batch needs; 1 without shards */
    struct iso_level levels[ISO_LEVELS];
    struct iso_call *forward, *backward; /* by node, with memory, for `rows` rows */
    struct iso_call *second;             /* the same for nodes that run forward again */
    iso_parts *parts;                    /* the nodes that run forward again; NULL: none */
    bool again;             /* the visit in progress is of a node that runs forward again */
    struct iso_mem *unread; /* sums for moving statistics, which have moved already */
    size_t unread_bytes;
    struct iso_kept kept;       /* nodes 0: nothing is kept */
    int readable;               /* the value of options.readable; -1: none */
    int first_node;             /* first node of a forward pass over the current batch */
    struct iso_fusion *fusions; /* by node */
    struct iso_resident data[ISO_DATASETS];
    struct iso_views *views; /* views of each image, for test-time augmentation; NULL: none */
    int *sorted, nsorted;    /* weight values in the order of their names */
};

/* Return the tensor of a value or of its gradient, with the current rows; mem is NULL if there is
 * none. */
struct iso_tensor iso_exec_value(const struct iso_exec *, int value);
struct iso_tensor iso_exec_gradient(const struct iso_exec *, int value);
/* Writes the slot of a weight's value to *out. Returns false if the weight is not trained. */
bool iso_exec_slot_tensor(const struct iso_exec *, int value, int slot, struct iso_tensor *out);
/* Sets the number of rows in all calls. */
iso_rc iso_exec_set_rows(struct iso_exec *, int64_t rows);
/* Gives the optimizer's call over one chunk of the weights, with the gradients and slots, which
 * have the same layout. */
void iso_exec_optimizer_call(const struct iso_exec *, int chunk, struct iso_call *out);
void iso_exec_free_data(struct iso_exec *);
/* Runs one node's call of the pass that `walk` (a struct iso_pass_walk) describes. */
struct iso_pass_walk {
    struct iso_exec *exec;
    bool training;
    uint64_t step;
    int64_t log_row;
};
iso_exec_visit iso_exec_run_node;
/* Parts of iso_exec_walk: the nodes that see rows, and the penalties. */
iso_rc iso_exec_walk_rows(struct iso_exec *, enum iso_pass, iso_exec_visit *, void *self);
iso_rc iso_exec_walk_penalties(struct iso_exec *, enum iso_pass, iso_exec_visit *, void *self);
/* exec_data.c. Fills input and target with the rows of the shard in place, of the current batch. */
iso_rc iso_exec_fill_shard(struct iso_exec *);
/* Makes an executor without advice. *out is set also after a failure, unless it is NULL, and then
 * only to be freed. */
iso_rc iso_exec_try(const struct iso_graph *, struct iso_backend *, const struct iso_exec_options *,
                    struct iso_exec **out);
/* exec_advice.c. Completes the message of a failure for lack of memory for a plan of `bytes`: it
 * says how much the model needs, and what would fit. Returns rc. */
iso_rc iso_exec_advise(const struct iso_graph *, struct iso_backend *,
                       const struct iso_exec_options *, uint64_t bytes, iso_rc rc);
/* exec_parts.c: what runs forward again (parts.h). Finds the parts that the model names; divides
 * the network until training fits in the memory that the model allows, once all else is planned;
 * and asks the device about the calls. */
iso_rc iso_exec_find_parts(struct iso_exec *);
iso_rc iso_exec_fit_memory(struct iso_exec *);
/* Plans memory for the parts that there are. */
iso_rc iso_exec_plan(struct iso_exec *);
/* Visits what must run forward again before the backward pass of a node. */
iso_rc iso_exec_walk_again(struct iso_exec *, int node, iso_exec_visit *, void *self);
/* Sets of such a call where the sums go that forward gives besides its results. */
void iso_exec_place_unread(const struct iso_exec *, int node, struct iso_call *);
/* exec_shards.c. Notes the current batch: rows [first, first + rows) of data set `which`, or fed.
 */
iso_rc iso_exec_begin_batch(struct iso_exec *, int which, int64_t first, int64_t rows);
void iso_exec_free_fed(struct iso_exec *);
/* Sets what a call of this pass has of its shard: the rows of the step, and where its sums go. */
void iso_exec_place_shard(const struct iso_exec *, int node, enum iso_pass, struct iso_call *);
/* exec_ranks.c. Makes what a step of several ranks needs, if there are ranks; and frees it. */
iso_rc iso_exec_ranks_new(struct iso_exec *);
void iso_exec_ranks_free(struct iso_exec *);
/* Returns true if ranks share the shards of the current batch. */
bool iso_exec_divides(const struct iso_exec *);
/* Return what this rank computes: of the current batch, shards; of a whole batch, shards; of a
 * training batch of `rows` rows, rows. */
struct iso_share iso_exec_own_shards(const struct iso_exec *);
struct iso_share iso_exec_all_own_shards(const struct iso_exec *);
/* Returns the first shard of a rank, rank <= count, of a batch in which `shards` have rows. */
int64_t iso_exec_first_shard(const struct iso_exec *, int rank, int shards);
struct iso_share iso_exec_own_rows(const struct iso_exec *, int64_t rows);
/* Sets *shards to those of this rank's subtree of that number in the current batch; returns false
 * if there is none. */
bool iso_exec_own_subtree(const struct iso_exec *, int number, struct iso_share *shards);
/* exec_exchange.c. Begins the exchange of a step's sums; takes those of this rank's subtree of that
 * number from the device, all at once; or of its last subtree, whose last shard is in place, when
 * it has gone forward, and when the backward pass of a node is done; and ends the exchange, with
 * the sums of all ranks on the device: of gradients those in this rank's slices, or all if norms of
 * them are needed. */
iso_rc iso_exec_begin_exchange(struct iso_exec *);
iso_rc iso_exec_take_subtree(struct iso_exec *, int number, int64_t log_row);
iso_rc iso_exec_send_statistics(struct iso_exec *, int number, int64_t log_row);
iso_rc iso_exec_send_gradients(struct iso_exec *, int node);
iso_rc iso_exec_end_exchange(struct iso_exec *, int64_t log_row);
/* Begins to receive buckets [first, end): all ranks do it before or after the same messages.
 * begin_exchange does it for all of them, unless there are synchronized nodes. */
iso_rc iso_exec_expect_buckets(struct iso_exec *, int first, int end);
/* Takes buckets [first, end) of this rank's subtree of that number, -1: it has none; and sends
 * them, if it is the last one. */
iso_rc iso_exec_send_buckets(struct iso_exec *, int number, int first, int end, bool last,
                             int64_t log_row);
/* exec_compare.c. Has two ranks compute the same shard, if it is wanted before this step. Fails
 * with ISO_EPARITY, on all ranks, if they differ; the message names the rank and the device. */
iso_rc iso_exec_compare_shard(struct iso_exec *, uint64_t step, int64_t log_row);
/* exec_shards.c. Add numbers of one bucket (exec_ranks.h): of a level to the level before; or of
 * all levels that the shard in place has left, to level 0. */
iso_rc iso_exec_add_bucket_level(struct iso_exec *, int bucket, int level, int64_t log_row);
iso_rc iso_exec_add_bucket(struct iso_exec *, int bucket, int64_t log_row);
/* Sets dw of the weights that forward changes to the sums of a level. */
void iso_exec_place_statistics(const struct iso_exec *, int node, int level, struct iso_call *);
/* exec_synchronized.c. Returns true if a synchronized node is among nodes (before, node]. */
bool iso_exec_separates(const struct iso_exec *, int node, int before);
/* exec_synchronized.c and exec_rooms.c. Make what a step with synchronized nodes needs, if there
 * are any, in this order: what the graph says; the number of rooms, once ranks are known; and
 * memory. And free it. */
typedef iso_rc iso_exec_allocate(struct iso_exec *, const struct iso_arena *,
                                 struct iso_arena_memory *);
typedef void iso_exec_free_arena(struct iso_exec *, struct iso_arena_memory *);
iso_rc iso_exec_synchronized_new(struct iso_exec *);
iso_rc iso_exec_count_rooms(struct iso_exec *);
iso_rc iso_exec_allocate_rooms(struct iso_exec *, iso_exec_allocate *);
void iso_exec_synchronized_free(struct iso_exec *, iso_exec_free_arena *);
/* Returns how many shards have memory for values at the same time. */
int iso_exec_rooms(const struct iso_exec *);
/* Puts a shard into its room, and fills its input unless it is there. Clear says that no room has
 * one. */
iso_rc iso_exec_enter_room(struct iso_exec *, int shard, int64_t rows);
void iso_exec_clear_rooms(struct iso_exec *);
/* exec_statistics.c. Sets of a synchronized node's call what the part in progress needs. */
void iso_exec_place_part(const struct iso_exec *, int node, enum iso_pass, struct iso_call *);
/* exec_synchronized.c. Both passes over all shards, and the exchange with other ranks. */
iso_rc iso_exec_walk_synchronized(struct iso_exec *, int64_t log_row, iso_exec_visit *, void *self);
/* Returns the bytes of statistics that this rank exchanges in a step. */
struct iso_exec_bytes iso_exec_synchronized_bytes(const struct iso_exec *, int shards);
/* exec_slices.c. Updates this rank's slices of the weights, and gives them to all; asks the device
 * about the calls, if there are ranks; and returns the bytes of a slot of this rank's slices. */
iso_rc iso_exec_update_slices(struct iso_exec *, uint64_t step);
iso_rc iso_exec_need_slices(struct iso_exec *);
size_t iso_exec_own_slot_bytes(const struct iso_exec *);
/* Keep and bring back the counts, unless this is rank 0: around a batch that all ranks compute. */
iso_rc iso_exec_hold_counts(struct iso_exec *);
iso_rc iso_exec_drop_counts(struct iso_exec *);
/* Adds all ranks' counts, and leaves them to rank 0; t: they on this device. */
iso_rc iso_exec_add_counts(struct iso_exec *, const struct iso_tensor *t, double *counts);
/* Returns the log row for the numbers of the shard in place; log_row: the step's own. */
int64_t iso_exec_shard_log(const struct iso_exec *, int64_t log_row);
/* Plans and allocates the levels; and asks the device about the calls that add them. */
void iso_exec_count_levels(struct iso_exec *);
iso_rc iso_exec_need_shards(struct iso_exec *);
/* Called twice for each call. Before the backend has settled, fails if the device cannot run the
 * call; afterwards, makes the workspace large enough for it. */
iso_rc iso_exec_need(struct iso_exec *, enum iso_op, const char *layer, const struct iso_call *,
                     enum iso_pass);
/* exec_views.c: computes the loss and metrics of the shard in place from the mean over its views,
 * which the output then holds. The executor has views. */
iso_rc iso_exec_score_views(struct iso_exec *, int64_t log_row);
void iso_exec_free_views(struct iso_exec *);
/* Runs nodes [from, to) of a forward pass outside training. */
iso_rc iso_exec_infer(struct iso_exec *, int from, int to);
/* exec_stream.c. Returns true if `bytes` exceed the device's largest allocation or, with the data
 * sets that are already on the device, half of its memory. */
bool iso_exec_exceeds(const struct iso_exec *, double bytes);
/* Starts reading rows ahead; sets the options' rows and batch itself. *room: device memory for a
 * batch. */
iso_rc iso_exec_stream_open(struct iso_exec *, struct iso_resident *,
                            const struct iso_stream_options *, struct iso_mem **room);
/* Sets the order of the stream's rows [all rows]; NULL: ascending. */
iso_rc iso_exec_stream_order(struct iso_exec *, struct iso_resident *, const int32_t *order);
void iso_exec_close_file(struct iso_resident *);
/* Fills the room with `rows` rows of the order, from `first` on, one after the other; where it has
 * only this rank's rows, with those of this batch. */
iso_rc iso_exec_stream_fill(struct iso_exec *, struct iso_resident *, struct iso_mem *room,
                            int64_t first, int64_t rows);
/* exec_clip.c: gradient clipping. Counts the squared norms that it keeps, which must be called
 * first; asks the device about its calls; and clips the gradients between backward and update. */
void iso_exec_count_norms(struct iso_exec *);
iso_rc iso_exec_need_clipping(struct iso_exec *);
iso_rc iso_exec_clip(struct iso_exec *);
/* exec_average.c: the moving average of the weights. Returns true if there is one; it is the last
 * slot then. */
bool iso_exec_averages(const struct iso_exec *);
/* Asks the device about the calls for an average; and moves it after an update. weight, average:
 * parts that lie alike. */
iso_rc iso_exec_need_average(struct iso_exec *, const struct iso_tensor *average);
iso_rc iso_exec_average(struct iso_exec *, const struct iso_tensor *weight,
                        const struct iso_tensor *average, uint64_t step);
/* exec_rates.c: learning rates of layers. Returns true if a trained layer has one of its own. */
bool iso_exec_has_rates(const struct iso_exec *);
/* Returns the rate of a weight, where that of the step is `rate`. */
double iso_exec_rate(const struct iso_exec *, int value, double rate);
/* Runs the optimizer's call, whose weights begin at number `begin` of a chunk, with each weight's
 * rate. The call has its step; the optimizer's params have the step's rate. */
iso_rc iso_exec_run_optimizer(struct iso_exec *, const struct iso_call *, int chunk, int64_t begin);
/* exec_decay.c: weight decay. Asks the device about its calls; and shrinks the weights between
 * clipping and update. rate: the learning rate of the step. */
iso_rc iso_exec_need_decay(struct iso_exec *);
iso_rc iso_exec_decay(struct iso_exec *, double rate);
/* exec_targets.c: fails with ISO_EDATA unless the data have what the graph takes, a class of each
 * row or targets, as many, and values that loss and metrics can take. which: train or validation.
 */
iso_rc iso_exec_check_targets(const struct iso_exec *, const char *which,
                              const struct iso_dataset *);
#endif
