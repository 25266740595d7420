/* exec_synchronized.h (private): what the files of a step with synchronized layers have in common.
 *
 * exec_synchronized.c says which nodes these are and how it goes through the shards; exec_rooms.c
 * has the memory that each shard has of its own, and exec_statistics.c the two parts of a
 * synchronized node and the sums between them. */
#ifndef ISO_EXEC_SYNCHRONIZED_H
#define ISO_EXEC_SYNCHRONIZED_H
#include "exec_ranks.h"
#include "core/ops/batch_normalization.h"

enum iso_bn_part {
    ISO_BN_WHOLE,
    ISO_BN_SUMS,
    ISO_BN_REST
}; /* the part of a synchronized node that a call computes */
struct iso_room {
    struct iso_arena_memory values, gradients;
    int shard; /* the one whose input is in it; -1: none */
};
struct iso_synchronized {
    int *nodes, nnodes; /* the synchronized nodes */
    int64_t channels;   /* most that one has */
    struct iso_room *rooms;
    int nrooms;
    bool walking;             /* each shard is in its own room */
    struct iso_vector vector; /* buckets, where there are no ranks */
    enum iso_bn_part part;
    struct iso_mem *given; /* [2, channels] given to the second part of a backward pass;
                              [2, channels] for sums that no weight takes; [nnodes, 2, channels]
                              given to the second part of each node's forward pass, which may run
                              again */
    uint8_t *numbers, *total, *terms, *inverse; /* [shards, 2, channels], [2, channels] twice,
                                                   [channels]: reals of the device */
    size_t *at;                                 /* [count + 1]: where ranks' numbers begin */
};

/* ---- exec_statistics.c ----------------------------------------------------------------------- */

/* Returns the channels of a synchronized node. */
int64_t iso_synchronized_channels(const struct iso_graph *, int node);
/* Takes the two sums that a node's first part has given for the shard in place. */
iso_rc iso_synchronized_take(struct iso_exec *, int node, enum iso_pass, int64_t log_row);
/* Computes from those of all shards what the second part is given; forward also the sums for the
 * moving statistics. */
iso_rc iso_synchronized_combine(struct iso_exec *, int node, enum iso_pass);
#endif
