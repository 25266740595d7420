/* nadam.h: Nadam as in Keras 3: Adam's means m and v of step t (from 1), and with
 *   u_t = beta_1 (1 - 0.96^t / 2),  P_t = u_1 u_2 ... u_t
 *   n = u_(t+1) m / (1 - P_t u_(t+1)) + (1 - u_t) g / (1 - P_t)
 *   w -= lr n / (sqrt(v / (1 - beta_2^t)) + epsilon)
 * computed as w -= (lr s) n / (sqrt v + epsilon s), s = sqrt(1 - beta_2^t). */
#ifndef ISO_OP_NADAM_H
#define ISO_OP_NADAM_H
#include "core/iso.h"
struct iso_nadam {
    double learning_rate, beta_1, beta_2, epsilon;
}; /* state: momentum (m),
      velocity (v) */
enum {
    ISO_NADAM_RATE,
    ISO_NADAM_BETA_1,
    ISO_NADAM_1_BETA_1,
    ISO_NADAM_BETA_2,
    ISO_NADAM_1_BETA_2,
    ISO_NADAM_EPSILON,
    ISO_NADAM_OF_M,
    ISO_NADAM_OF_G
};
#endif
