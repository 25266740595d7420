/* bounds.h: how far each result of an op in float may be from the exact one, for the ops that are
 * more than sums of products: their formulas, in numbers that carry an error (near.h). */
#ifndef ISO_TEST_BOUNDS_H
#define ISO_TEST_BOUNDS_H
#include "core/parity/harness.h"
#include "near.h"

/* Sets the bounds in `allowed` of the results that the op computes. v: the inputs of its passes;
 * its results do not matter. */
typedef void bounds_of(enum iso_op, const struct iso_call *, const struct iso_values *v,
                       struct iso_values *allowed);
bounds_of bounds_attention, bounds_layer_normalization, bounds_group_normalization,
    bounds_batch_normalization, bounds_response, bounds_token, bounds_channel_scale, bounds_pooling,
    bounds_pointwise_loss, bounds_sigmoid_loss, bounds_class_loss, bounds_unit_normalization;

/* Returns an input's element, which is exact; `absent` if there is no such tensor. */
static inline struct near bounds_element(const struct iso_values *v, enum iso_group group,
                                         int operand, int64_t i, double absent)
{
    const struct iso_array *a = &v->a[group][operand];
    return near_input(a->n > 0 ? a->v[i] : absent);
}
/* Sets the bound of a result's element to x's error, if there is such a tensor. */
static inline void bounds_allow(struct iso_values *allowed, enum iso_group group, int operand,
                                int64_t i, struct near x)
{
    if (allowed->a[group][operand].n > 0)
        allowed->a[group][operand].v[i] = x.e;
}
#endif
