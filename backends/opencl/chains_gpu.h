/* chains_gpu.h: queues the sums of products on devices of the GPU shape (clkernels/chains_gpu.h).
 */
#ifndef ISO_OPENCL_CHAINS_GPU_H
#define ISO_OPENCL_CHAINS_GPU_H
#include "tiles.h"
#include "clkernels/arguments.h"

/* Queues chains_over_taps, or chains_over_turned if b_col is set, for `deep` products or blocks.
 * bias.mem NULL: none. */
iso_rc opencl_gpu_taps(struct opencl *, const struct opencl_chains *, size_t deep,
                       struct opencl_at a, struct opencl_at b, struct opencl_at bias,
                       struct opencl_at y);
/* Queues chains_over_rows. */
iso_rc opencl_gpu_rows(struct opencl *, const struct opencl_chains *, size_t products,
                       struct opencl_at a, struct opencl_at b, struct opencl_at y);
#endif
