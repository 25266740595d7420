/* adam.h: Adam as Keras places epsilon: w -= rate_t m / (sqrt v + epsilon), rate_t = lr sqrt(1 -
 * beta_2^t) / (1 - beta_1^t). */
#ifndef ISO_OP_ADAM_H
#define ISO_OP_ADAM_H
#include "../iso.h"
struct iso_adam { double learning_rate, beta_1, beta_2, epsilon; };  /* state: momentum (m),
                                                                        velocity (v) */
enum { ISO_ADAM_RATE, ISO_ADAM_BETA_1, ISO_ADAM_1_BETA_1, ISO_ADAM_BETA_2, ISO_ADAM_1_BETA_2,
       ISO_ADAM_EPSILON };
#endif
