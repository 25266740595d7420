/* adamw.c: Adam on a weight that first loses a share of itself (core/ops/adam.h). */
#include "adam.h"

const struct iso_kernel ISO_CPU(adamw) = { .update = ISO_CPU(adam_update) };
