/* exec_ranks.h (private): what the files of an executor whose steps ranks share have in common.
 *
 * exec_ranks.c says which rank computes which shards; exec_vector.c lays out what their sums and
 * weights are in messages; exec_exchange.c exchanges the sums, and exec_slices.c the weights. */
#ifndef ISO_EXEC_RANKS_H
#define ISO_EXEC_RANKS_H
#include "core/system/team.h"
#include "exec_private.h"

/* ---- The vector -------------------------------------------------------------------------------
 *
 * The numbers that ranks exchange lie one after the other in a vector, in an order that follows
 * from the graph alone: the sums for moving statistics and the step's log first, then the gradients
 * of the weights in the order in which the backward pass finishes them. The vector is cut into
 * buckets, which are exchanged one after the other, and each bucket into slices, of which each rank
 * owns one. Every tensor begins at a multiple of ISO_PAD numbers. */
enum { ISO_PAD = ISO_ALIGN / sizeof(float) };
enum iso_vector_kind { ISO_VECTOR_WEIGHTS, ISO_VECTOR_STATISTICS, ISO_VECTOR_LOG };
struct iso_piece { /* numbers that lie one after the other in the vector and on the device */
    enum iso_vector_kind kind;
    int64_t at, n; /* in the vector */
    int chunk;     /* chunk of the arena of this kind; 0 for the log */
    int64_t offset;
};
struct iso_bucket {
    int64_t begin, end;
    int piece, npieces; /* its first piece, and their number */
    int node;           /* the backward pass of this node finishes it; of bucket 0, the forward pass
                           does */
};
struct iso_vector {
    int64_t length, longest; /* numbers; longest: of a bucket */
    int nbuckets, npieces;   /* bucket 0 is the one of statistics and log */
    struct iso_bucket *buckets;
    struct iso_piece *pieces;
    int64_t *at; /* by value: where the vector has a weight's gradient; -1: nowhere */
};

/* ---- Ranks ----------------------------------------------------------------------------------- */

enum { ISO_ADDED = 2048 }; /* a thread adds this many numbers of each subtree at a time */
struct iso_subtree {       /* shards [first, first + size), which `rank` computes */
    int first, size, rank;
};
struct iso_sending {   /* the subtree whose sums are sent while its last shard is computed */
    int subtree, next; /* its number among this rank's; the next bucket to send */
    int64_t log_row;
};
struct iso_exec_ranks {
    struct iso_ranks *ranks; /* borrowed */
    struct iso_vector vector;
    size_t head; /* bytes that the messages of bucket 0 have in front: what a rank says */
    int nsubtrees;
    struct iso_subtree *subtrees; /* those of all ranks, in the order of their shards */
    int mine, nmine;              /* this rank's: the first, and their number */
    struct iso_sending sending;

    /* Messages of a step: [buckets, count] where each of them begins; under way by bucket. */
    char *out, *in;
    char **out_at, **in_at;
    struct iso_transfers **sent, **received;
    struct iso_transfers *shared; /* the sums of bucket 0, on their way to all */
    struct iso_message *messages; /* [count] */

    /* This rank's slices of all buckets, one after the other ("own numbers"). */
    float *sums;           /* [nmine, own]: of this rank's subtrees */
    float *own;            /* [own]: of all shards; afterwards the updated weights */
    float *all;            /* [longest of: bucket 0; the rest]: own numbers of all ranks */
    struct iso_team *team; /* adds them */
    float *nodes;          /* [threads, ISO_LEVELS, ISO_ADDED]: sums that wait for their partners */
    float *stage;          /* [longest bucket] */
    size_t *all_at;        /* [count + 1] */

    float **collected; /* [slots]: whole slots, in the vector's order; NULL: not collected */
    uint8_t *counts;   /* held while a batch is computed that counts elsewhere */
    struct iso_exec_bytes seen; /* bytes of the carrier when the step's exchange began */
    double waited, began;       /* waited: as the ranks count it; began: the step's time */
    struct iso_exec_traffic traffic;
};

/* ---- exec_ranks.c ---------------------------------------------------------------------------- */

/* Returns the number of a rank's subtrees that have rows if that many shards do. */
int iso_ranks_filled(const struct iso_exec_ranks *, int rank, int shards);
/* Returns true if all ranks need the whole gradients before the update, for norms of them. */
bool iso_exec_needs_whole(const struct iso_exec *);

/* ---- exec_vector.c --------------------------------------------------------------------------- */

/* Lays the vector out; buckets of weights have at least bucket_bytes, but for the last. */
iso_rc iso_vector_make(const struct iso_exec *, size_t bucket_bytes, struct iso_vector *v);
void iso_vector_clear(struct iso_vector *);
/* exec_synchronized.c. Returns the buckets of the executor. */
const struct iso_vector *iso_exec_vector(const struct iso_exec *);
/* Returns where a rank's slice of a bucket begins; rank <= count. */
int64_t iso_slice_of(const struct iso_exec_ranks *, int bucket, int rank);
int64_t iso_slice_length(const struct iso_exec_ranks *, int bucket, int rank);
/* Returns how many own numbers a rank has in the buckets before this one; bucket <= nbuckets. */
int64_t iso_own_before(const struct iso_exec_ranks *, int bucket, int rank);
/* Returns true if slices of the bucket are large enough to be copied each for itself. */
bool iso_slices_are_large(const struct iso_exec_ranks *, int bucket);
/* Visits the parts of pieces that lie in numbers [begin, end) of a bucket. */
typedef iso_rc iso_piece_visit(void *self, const struct iso_piece *part);
iso_rc iso_vector_walk(const struct iso_vector *, int bucket, int64_t begin, int64_t end,
                       iso_piece_visit *, void *self);
/* Copy numbers [begin, end) of a bucket between the device and host memory, where they lie one
 * after the other; numbers that no tensor has are 0. log_row: the row of a log in bucket 0.
 * `weights` stands for the gradients: the weights, or the gradients. */
struct iso_vector_copy {
    struct iso_exec *exec;
    const struct iso_arena_memory *weights;
    int bucket;
    int64_t begin, end, log_row;
    float *host;
};
typedef iso_rc iso_vector_way(const struct iso_vector_copy *);
iso_vector_way iso_vector_read, iso_vector_write;

/* ---- exec_slices.c --------------------------------------------------------------------------- */

/* Gives the own numbers of the weights' buckets of all ranks to all, and writes them to the device:
 * as gradients, or as weights. own: also this rank's, which the device does not have yet. */
iso_rc iso_exec_share_own(struct iso_exec *, const struct iso_arena_memory *weights, bool own);
/* Copies this rank's slices of weights or gradients between the device and its own numbers. */
iso_rc iso_exec_copy_own(struct iso_exec *, const struct iso_arena_memory *weights,
                         iso_vector_way *);
/* Returns the bytes of a rank's own numbers in buckets [first, end), sent to and received from all
 * others. */
struct iso_exec_bytes iso_exec_shared_bytes(const struct iso_exec *, int first, int end);
#endif
