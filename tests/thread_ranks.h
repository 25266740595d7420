/* thread_ranks.h: ranks (core/ranks/ranks.h) that are threads of a test, and whose messages are
 * copies in memory. */
#ifndef THREAD_RANKS_H
#define THREAD_RANKS_H
#include "core/ranks/ranks.h"

enum { THREAD_RANKS_MOST = 6 };
struct thread_ranks {
    int count;
    int lost;   /* the rank that takes no part; -1: none */
    bool wrong; /* plants a fault: one bit of each long message changes on its way */
};
/* The work of a rank; it must leave no message of isocl behind. */
typedef void thread_ranks_work(void *self, struct iso_ranks *);
/* Runs it in all ranks at once, and waits for them. */
void thread_ranks_run(const struct thread_ranks *, thread_ranks_work *, void *self);
#endif
