/* permutation.h: the kernel of permute and of layers that are permutations, too. */
#ifndef ISO_OPENCL_PERMUTATION_H
#define ISO_OPENCL_PERMUTATION_H
#include "core/ops/permute.h"
#include "grids.h"

/* Sets `to` to the numbers of `from` in the order of a layout, or adds them. */
iso_rc opencl_permutation(struct opencl *, const struct iso_permutation *,
                          const struct iso_tensor *from, const struct iso_tensor *to, bool add);
#endif
