/* plan.h: plans the memory of every value of a graph. Values whose lifetimes do not overlap share
 * memory; an arena is split into chunks no larger than the device's largest allocation. Allocates
 * no device memory. */
#ifndef ISO_PLAN_H
#define ISO_PLAN_H
#include "fusion.h"
#include "parts.h"

enum { ISO_ALIGN = 64 }; /* bytes; a multiple of every element size and vector */

struct iso_extent {  /* one tensor's memory */
    size_t bytes;    /* input: size; 0: none */
    int first, last; /* input: lifetime in the order of calls, both inclusive */
    int chunk;
    size_t offset; /* output: bytes from the start of the chunk */
};
struct iso_arena {             /* one kind of memory */
    const char *name, *advice; /* advice: text for the message if memory does not suffice */
    struct iso_extent *extents;
    int nextents;
    size_t *chunk; /* bytes of each */
    int nchunks;
    size_t total; /* bytes of all extents, without reuse */
};
/* Lays out the extents, largest first, or with in_order in their own order, each at the lowest
 * offset that is free throughout its lifetime. chunk_max 0: one chunk. Fails with ISO_ENOMEM if one
 * extent exceeds chunk_max. */
iso_rc iso_arena_layout(struct iso_arena *, size_t chunk_max, bool in_order);
void iso_arena_clear(struct iso_arena *);

struct iso_plan {
    /* Extents are indexed by value; a view uses its root's. The gradients of weights and each
     * optimizer slot have the layout of `weights`; `fixed` holds weights that are not trained. */
    struct iso_arena weights, fixed, values, gradients;
    struct iso_arena statistics; /* sums of a shard for the weights that forward changes */
    /* With parts (parts.h), a value that is computed again has a second extent in `values`, at its
     * index plus the number of values, and late[value] is its part; -1: it has none. */
    int *late;   /* NULL: no parts */
    bool *again; /* by node: its kernel runs forward again; NULL: no parts */
};
struct iso_plan_options {
    bool training, keep_all;
    size_t real_size, max_alloc;
    const struct iso_fusion *fusions; /* by node; NULL: none */
    int readable; /* a value to be read after a forward pass, besides the output; -1: none */
    const iso_parts *parts; /* the nodes that run forward again; NULL: none */
};
iso_rc iso_plan_make(const struct iso_graph *, const struct iso_plan_options *, struct iso_plan *p);
void iso_plan_clear(struct iso_plan *);
/* Returns the extent of a value, not a view, for a node's backward pass and for its second forward
 * pass. */
int iso_plan_late_extent(const struct iso_graph *, const struct iso_plan *, const iso_parts *,
                         int node, int value);
/* plan_lifetimes.c: sets the lifetimes of values and of their gradients, whose sizes are set, and
 * what runs again. For iso_plan_make. */
iso_rc iso_plan_set_lifetimes(const struct iso_graph *, const struct iso_plan_options *,
                              struct iso_plan *);
#endif
