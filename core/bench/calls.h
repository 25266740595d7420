/* calls.h (private): a training step as a list of calls. */
#ifndef ISO_BENCH_CALLS_H
#define ISO_BENCH_CALLS_H
#include "bench.h"

struct iso_bench_calls {
    struct iso_exec *exec;        /* borrowed */
    struct iso_bench_node *nodes; /* in the order in which they run; seconds are not set */
    int *index;                   /* for each call: its node in the graph; -1: the optimizer */
    bool *again;                  /* for each call: it runs forward again, in the backward pass */
    int count;
    uint64_t step; /* number of the step whose calls are made */
};
/* Lists the calls of a step on the current batch. */
iso_rc iso_bench_list_calls(struct iso_exec *, struct iso_bench_calls *);
void iso_bench_free_calls(struct iso_bench_calls *);
/* Makes call number i. */
iso_rc iso_bench_call(const struct iso_bench_calls *, int i);
#endif
