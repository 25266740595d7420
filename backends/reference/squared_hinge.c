/* squared_hinge.c: mean of max(1 - t p, 0)^2. */
#include "loss.h"

ISO_POINTWISE_LOSS(squared_hinge, iso_squared_hinge_add, iso_squared_hinge_slope)
