/* layer_normalization.h: normalizes each row, the n numbers of a pixel or of an example along the
 * last axis, to mean 0 and variance 1, then scales it by gamma and shifts it by beta. In training
 * and outside it:
 *
 *   mean = lane sum of x / n,  square = lane sum of (x - mean)^2
 *   inverse = 1 / sqrt(square / n + epsilon)
 *   y = (x - mean) (gamma inverse) + beta
 *   g = dy gamma,  a = lane sum of g,  b = lane sum of g (x - mean)
 *   dx = inverse ((g - a / n) - (x - mean) (b inverse^2 / n))
 *   dbeta = row sum of dy,  dgamma = row sum of dy ((x - mean) inverse)
 * Lane sums run along a row, row sums over all rows, as defined in core/order.h; both are chains of
 * additions or of fma. core/formulas.h has each formula. */
#ifndef ISO_OP_LAYER_NORMALIZATION_H
#define ISO_OP_LAYER_NORMALIZATION_H
#include "batch_normalization.h" /* iso_bn_rows */
struct iso_layer_normalization {
    double epsilon;
    bool center, scale;
    struct iso_initializer beta_initializer, gamma_initializer;
    struct iso_regularizer beta_regularizer, gamma_regularizer;
};
enum { ISO_LN_GAMMA, ISO_LN_BETA };   /* w, each [n]; gamma only with scale, beta with center */
enum { ISO_LN_MEAN, ISO_LN_INVERSE }; /* saved, one per row: the shape of x without its last axis */
enum { ISO_LN_EPSILON };              /* scalars */
#endif
