/* adamw.c: Adam on a weight that first loses a share of itself (core/ops/adam.h). */
#include "adam.h"

const struct iso_kernel ISO_KERNEL(adamw) = { .update = ISO_KERNEL(adam_update) };
