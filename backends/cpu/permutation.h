/* permutation.h: the walk of permute and of layers that are permutations, too. */
#ifndef ISO_CPU_PERMUTATION_H
#define ISO_CPU_PERMUTATION_H
#include "core/ops/permute.h"
#include "elements.h"

/* Sets `to` to the numbers of `from` in the order of a layout, or adds them. */
void ISO_CPU(permutation)(struct iso_backend *, const struct iso_permutation *, const float *from,
                          float *to, bool add);
#endif
