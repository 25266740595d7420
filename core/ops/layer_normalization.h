/* layer_normalization.h: normalizes each row, the numbers of a pixel or of an example along the
 * last axis, to mean 0 and variance 1, then scales it by gamma and shifts it by beta
 * (normalized_sets.h). */
#ifndef ISO_OP_LAYER_NORMALIZATION_H
#define ISO_OP_LAYER_NORMALIZATION_H
#include "normalized_sets.h"
struct iso_layer_normalization {
    double epsilon;
    bool center, scale;
    struct iso_initializer beta_initializer, gamma_initializer;
    struct iso_regularizer beta_regularizer, gamma_regularizer;
};
#endif
