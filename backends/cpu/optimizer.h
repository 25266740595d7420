/* optimizer.h: how an optimizer's update is shared out among threads. */
#ifndef ISO_CPU_OPTIMIZER_H
#define ISO_CPU_OPTIMIZER_H
#include "elements.h"

struct iso_cpu_update { /* of a range of the weight, or of the whole */
    int64_t count;
    const float *g;                /* the gradient [count], as are all below */
    float *w, *slot[ISO_OPERANDS]; /* NULL: the params need no such slot */
    float s[ISO_SCALARS];          /* in the order of core/ops/<op>.h */
    const void *params;
};

/* Runs `update_range` on ranges that make up the call's weight; it is to go over memory once. */
iso_rc ISO_CPU(update)(struct iso_backend *, const struct iso_call *,
                       void (*update_range)(const struct iso_cpu_update *));
#endif
