/* unit_normalization.h: each row of the last axis divided by its length, as Keras's
 * UnitNormalization does: y = x / sqrt(max(sum of x^2, epsilon)). With the length's inverse r, dx =
 * r (dy - y (sum of dy y)), without the second term where epsilon is the larger. Both are sums
 * along the axis. */
#ifndef ISO_OP_UNIT_NORMALIZATION_H
#define ISO_OP_UNIT_NORMALIZATION_H
#include "core/iso.h"
struct iso_unit_normalization { /* saved: the sums of squares */
    double epsilon;
};
#endif
