/* normalized_sets.h: the passes of layer_normalization and group_normalization, and their
 * workspace: the sums of the blocks of rows. */
#ifndef ISO_OPENCL_NORMALIZED_SETS_H
#define ISO_OPENCL_NORMALIZED_SETS_H
#include "core/ops/normalized_sets.h"
#include "opencl.h"

size_t opencl_sets_workspace(struct iso_backend *, const struct iso_call *, enum iso_pass);
iso_rc opencl_normalize_sets(struct opencl *, const struct iso_call *,
                             const struct iso_normalized_sets *);
iso_rc opencl_sets_gradients(struct opencl *, const struct iso_call *,
                             const struct iso_normalized_sets *);
#define OPENCL_SETS_PROGRAMS                               \
    {                                                      \
        "layer_normalization.cl", "sums.cl", "sums_cpu.cl" \
    }
#endif
