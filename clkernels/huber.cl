/* huber.cl: mean of half the square near the target, of a line far from it. */
#include "common.h"
#include "loss.h"

POINTWISE_LOSS(huber, iso_huber_add, iso_huber_slope)
