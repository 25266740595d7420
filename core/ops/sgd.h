/* sgd.h: stochastic gradient descent as in Keras: v = momentum v - lr g; w += v (Nesterov: momentum
 * v
 * - lr g). */
#ifndef ISO_OP_SGD_H
#define ISO_OP_SGD_H
#include "core/iso.h"
struct iso_sgd {
    double learning_rate, momentum;
    bool nesterov;
};                                                         /* state: momentum (none when
                                                              momentum is 0) */
enum { ISO_SGD_RATE, ISO_SGD_MOMENTUM, ISO_SGD_NESTEROV }; /* scalars */
#endif
