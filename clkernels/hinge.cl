/* hinge.cl: mean of max(1 - t p, 0). */
#include "common.h"
#include "loss.h"

POINTWISE_LOSS(hinge, iso_hinge_add, iso_hinge_slope)
