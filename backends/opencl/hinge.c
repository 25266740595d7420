/* hinge.c: queues the mean of max(1 - t p, 0). */
#include "loss.h"

OPENCL_POINTWISE_LOSS(hinge)
