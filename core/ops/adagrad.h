/* adagrad.h: Adagrad as in Keras, with a starting at initial_accumulator_value:
 *   a += g^2,  w -= lr g / sqrt(a + epsilon) (inside), or lr g / (sqrt a + epsilon) (outside) */
#ifndef ISO_OP_ADAGRAD_H
#define ISO_OP_ADAGRAD_H
#include "core/iso.h"
struct iso_adagrad { /* state: accumulator (a) */
    double learning_rate, initial_accumulator_value, epsilon;
    int epsilon_placement; /* enum iso_epsilon_placement (core/arithmetic/optimizers.h) */
};
enum { ISO_ADAGRAD_RATE, ISO_ADAGRAD_EPSILON };
#endif
