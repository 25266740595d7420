/* exec_private.h (private): what the files of the executor share. */
#ifndef ISO_EXEC_PRIVATE_H
#define ISO_EXEC_PRIVATE_H
#include "exec.h"
#include "plan.h"
#include "core/data/disk.h"
#include "core/data/stream.h"

enum { ISO_DATASETS = 2 };

struct iso_resident { /* a data set on the device */
    struct iso_mem *images, *labels, *order;
    struct iso_mem *weights;  /* of its rows in the loss; NULL: each is 1 */
    struct iso_mem *features; /* kept in place of the images; NULL: not kept */
    size_t bytes;             /* of images or features that are on the device */
    int64_t rows;
    bool labelled;               /* false: labels are all 0, in place of none */
    struct iso_stream *stream;   /* of images or features, which then have room for a batch;
                                    NULL: all are there */
    size_t stream_row;           /* bytes of one of its rows */
    struct iso_disk *disk;       /* of images that stream: shared; NULL: they are in memory */
    const uint8_t *host;         /* there, borrowed */
    struct iso_mem *batch_order; /* 0, 1, 2 ...: the order in which a batch lies there */
    struct iso_row_file *file;   /* of features that stream; NULL: none */
    int threads;                 /* that read ahead; 0: one a processor */
};
struct iso_arena_memory {
    struct iso_mem **chunk;
    int n;
}; /* one buffer a chunk of an arena */

struct iso_exec {
    const struct iso_graph *graph; /* borrowed, as is the backend */
    struct iso_backend *backend;
    struct iso_exec_options options;
    struct iso_plan plan;
    struct iso_arena_memory weights, fixed, weight_gradients, slots[ISO_OPERANDS], values,
        gradients;
    int nslots;
    void *optimizer; /* its params, with the learning rate of the step; owned */
    struct iso_mem *workspace, *log, *counts;
    struct iso_mem *norms; /* squared, of each weight's gradient; NULL: not wanted */
    int64_t nnorms;        /* how many; 0: not wanted */
    bool settled;          /* the backend has, for all calls */
    size_t workspace_bytes, log_bytes, counts_bytes;
    double *counted[ISO_DATASETS];       /* host copies of the counts, made when first read */
    int64_t rows;                        /* of the batch in place */
    struct iso_call *forward, *backward; /* by node, with memory, for `rows` rows */
    struct iso_kept kept;                /* nodes 0: nothing is kept */
    int readable;                        /* the value of options.readable; -1: none */
    int first_node;                      /* where forward begins with the batch in place */
    struct iso_fusion *fusions;          /* by node */
    struct iso_resident data[ISO_DATASETS];
    int *sorted, nsorted; /* weight values in the order of their names */
};

/* The tensor of a value (or of its gradient), with the current rows; mem NULL when it has none. */
struct iso_tensor iso_exec_value(const struct iso_exec *, int value);
struct iso_tensor iso_exec_gradient(const struct iso_exec *, int value);
/* The slot of a weight's value, to *out; false if the weight is not trained. */
bool iso_exec_slot_tensor(const struct iso_exec *, int value, int slot, struct iso_tensor *out);
/* Makes the calls fit this many rows. */
iso_rc iso_exec_set_rows(struct iso_exec *, int64_t rows);
/* The optimizer's call over one chunk of the weights, and of the gradients and slots that lie
 * alike. */
void iso_exec_optimizer_call(const struct iso_exec *, int chunk, struct iso_call *out);
void iso_exec_free_data(struct iso_exec *);
/* Called twice for each call: until the backend has settled, it fails when the device cannot run
 * the call; after that, it makes the workspace large enough for it. */
iso_rc iso_exec_need(struct iso_exec *, enum iso_op, const char *layer, const struct iso_call *,
                     enum iso_pass);
/* Nodes [from, to) of a forward pass, not in training. */
iso_rc iso_exec_infer(struct iso_exec *, int from, int to);
/* exec_stream.c. True if so many bytes are more than the device allocates at once, or with those of
 * the data sets that are there more than half of its memory. */
bool iso_exec_exceeds(const struct iso_exec *, double bytes);
/* Reads rows ahead from now on; the options' rows and batch are set here. *room: memory for a
 * batch. */
iso_rc iso_exec_stream_open(struct iso_exec *, struct iso_resident *,
                            const struct iso_stream_options *, struct iso_mem **room);
void iso_exec_close_file(struct iso_resident *);
/* Fills the room with rows first.. of the order, which then lie in it one after another. */
iso_rc iso_exec_stream_fill(struct iso_exec *, struct iso_resident *, struct iso_mem *room,
                            int64_t first, int64_t rows);
/* exec_clip.c: gradient clipping. How many squared norms it keeps, which comes first; what it needs
 * of the device; and what it does between backward and update. */
void iso_exec_count_norms(struct iso_exec *);
iso_rc iso_exec_need_clipping(struct iso_exec *);
iso_rc iso_exec_clip(struct iso_exec *);
#endif
