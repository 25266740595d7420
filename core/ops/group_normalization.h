/* group_normalization.h: divides the channels of each example into groups of neighbouring ones, and
 * normalizes each group, over all pixels, to mean 0 and variance 1; then scales each channel by
 * gamma and shifts it by beta (normalized_sets.h). */
#ifndef ISO_OP_GROUP_NORMALIZATION_H
#define ISO_OP_GROUP_NORMALIZATION_H
#include "normalized_sets.h"
struct iso_group_normalization {
    int64_t groups; /* -1: each channel is a group */
    double epsilon;
    bool center, scale;
    struct iso_initializer beta_initializer, gamma_initializer;
    struct iso_regularizer beta_regularizer, gamma_regularizer;
};
/* Returns the layout on x, whose channels the groups divide. */
struct iso_normalized_sets iso_group_normalization_sets(const struct iso_group_normalization *,
                                                        const struct iso_shape *x);
#endif
