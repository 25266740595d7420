/* rmsprop.h: RMSprop as in Keras, with rate = learning_rate / (1 + decay step):
 *   v = rho v + (1 - rho) g^2,  a = rho a + (1 - rho) g,  d = v, or when centered v - a^2
 *   s = g / sqrt(d + epsilon) (inside), or g / (sqrt d + epsilon) (outside)
 *   w -= rate s, or with momentum m = momentum m + rate s and w -= m */
#ifndef ISO_OP_RMSPROP_H
#define ISO_OP_RMSPROP_H
#include "core/iso.h"
struct iso_rmsprop {
    double learning_rate, rho, momentum, epsilon, decay;
    bool centered;
    int epsilon_placement; /* enum iso_epsilon_placement (core/arithmetic/optimizers.h) */
};
/* state: velocity, then momentum when it is not 0, then average_gradient when centered. */
static inline int iso_rmsprop_average_slot(const struct iso_rmsprop *p)
{
    return p->momentum > 0 ? 2 : 1;
}
enum { /* scalars */
       ISO_RMSPROP_RATE,
       ISO_RMSPROP_RHO,
       ISO_RMSPROP_1_RHO,
       ISO_RMSPROP_MOMENTUM,
       ISO_RMSPROP_EPSILON
};
#endif
