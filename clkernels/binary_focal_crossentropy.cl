/* binary_focal_crossentropy.cl: p = sigmoid(z), and its focal cross-entropies;
 * core/ops/focal_crossentropy.h has the formulas. */
#include "common.h"
#include "loss.h"

SIGMOID_LOSS(binary_focal_crossentropy, iso_binary_focal_add, iso_binary_focal_slope)
