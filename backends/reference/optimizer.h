/* optimizer.h: the tensors that an optimizer's update reads and writes, element by element. */
#ifndef ISO_REFERENCE_OPTIMIZER_H
#define ISO_REFERENCE_OPTIMIZER_H
#include "core/arithmetic/optimizers.h"
#include "reference.h"

struct ref_update {
    int64_t count;
    const iso_real *g;                /* the gradient; this and all below are [count] */
    iso_real *w, *slot[ISO_OPERANDS]; /* NULL: the params need no such slot */
    iso_real s[ISO_SCALARS];          /* in the order of core/ops/<op>.h */
};

static inline struct ref_update ref_update(const struct iso_call *call)
{
    struct ref_update u = { .count = iso_shape_count(&call->w[0].shape),
                            .g = ref_real(&call->dw[0]),
                            .w = ref_real(&call->w[0]) };
    for (int i = 0; i < ISO_OPERANDS; i++)
        u.slot[i] = ref_real(&call->state[i]);
    for (int i = 0; i < ISO_SCALARS; i++)
        u.s[i] = (iso_real)call->scalars[i];
    return u;
}
#endif
