/* optimizer.h: how an optimizer's update is shared out among threads. */
#ifndef ISO_CPU_OPTIMIZER_H
#define ISO_CPU_OPTIMIZER_H
#include "elements.h"

struct iso_cpu_update { /* a part of one, or the whole of it */
    int64_t count;
    const float *g;                /* the gradient [count], as are all below */
    float *w, *slot[ISO_OPERANDS]; /* NULL: the params need no such slot */
    float s[ISO_SCALARS];          /* in the order of core/ops/<op>.h */
    const void *params;
};

/* Runs `part` on parts that make up the call's weight; it is to pass over memory once. */
iso_rc ISO_CPU(update)(struct iso_backend *, const struct iso_call *,
                       void (*part)(const struct iso_cpu_update *));
#endif
