/* adamax.h: Adamax as in Keras: m as in Adam, u = max(beta_2 u, |g|), w -= rate_t m / (u +
 * epsilon), rate_t = lr / (1 - beta_1^t). */
#ifndef ISO_OP_ADAMAX_H
#define ISO_OP_ADAMAX_H
#include "core/iso.h"
struct iso_adamax {
    double learning_rate, beta_1, beta_2, epsilon;
}; /* state: momentum (m), norm
      (u) */
enum {
    ISO_ADAMAX_RATE,
    ISO_ADAMAX_BETA_1,
    ISO_ADAMAX_1_BETA_1,
    ISO_ADAMAX_BETA_2,
    ISO_ADAMAX_EPSILON
};
#endif
