/* hinge.c: mean of max(1 - t p, 0). */
#include "loss.h"

ISO_CPU_POINTWISE_LOSS(hinge, iso_hinge_add, iso_hinge_slope)
