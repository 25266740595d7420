/* adadelta.h: Adadelta as in Keras:
 *   a = rho a + (1 - rho) g^2,  s = sqrt(d + epsilon) g / sqrt(a + epsilon)
 *   d = rho d + (1 - rho) s^2,  w -= lr s */
#ifndef ISO_OP_ADADELTA_H
#define ISO_OP_ADADELTA_H
#include "core/iso.h"
struct iso_adadelta {
    double learning_rate, rho, epsilon;
}; /* state: accumulated_grad (a),
      accumulated_delta_var (d) */
enum { ISO_ADADELTA_RATE, ISO_ADADELTA_RHO, ISO_ADADELTA_1_RHO, ISO_ADADELTA_EPSILON };
#endif
