/* optimizer.h: divides an optimizer's update among threads. */
#ifndef ISO_CPU_OPTIMIZER_H
#define ISO_CPU_OPTIMIZER_H
#include "core/arithmetic/optimizers.h"
#include "elements.h"

struct iso_cpu_update { /* covers a range of the weight, or all of it */
    int64_t count;
    const float *g;                /* the gradient; this and all below are [count] */
    float *w, *slot[ISO_OPERANDS]; /* NULL: the params need no such slot */
    float s[ISO_SCALARS];          /* in the order of core/ops/<op>.h */
    const void *params;
};

/* Runs `update_range` on ranges that cover the call's weight. It should read and write memory once.
 */
iso_rc ISO_CPU(update)(struct iso_backend *, const struct iso_call *,
                       void (*update_range)(const struct iso_cpu_update *));
#endif
