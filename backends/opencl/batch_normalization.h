/* batch_normalization.h: arguments of the kernels of batch normalization, and the passes on
 * CPU-shaped devices. */
#ifndef ISO_OPENCL_BATCH_NORMALIZATION_H
#define ISO_OPENCL_BATCH_NORMALIZATION_H
#include "clkernels/arguments.h"
#include "core/ops/batch_normalization.h"
#include "opencl.h"

struct opencl_bn_layout {
    struct opencl *cl;
    struct opencl_bn g;
    struct iso_rows rows;
    size_t groups, channels;
    size_t shares; /* shares of the rows, one per work-group; 0: the elements have a launch of their
                      own */
    double step_rows, moving_rows; /* rows of the whole step */
};

/* Settles whether the first backward kernel also gives the gradient of the fused addend, dx[1], and
 * whether it writes or adds it. */
void opencl_bn_want_passed(struct opencl_bn_layout *, const struct iso_call *);
/* Called after that kernel: sets *dy to dx[1], which the kernels after it then read, if dx[1] was
 * written and not added to. */
void opencl_bn_has_passed(struct opencl_bn_layout *, const struct iso_call *,
                          const struct iso_tensor **dy);

/* Return where forward leaves what follows from a batch: the moving statistic, or the sum of a
 * shard.
 */
struct opencl_arg opencl_bn_mean_arg(const struct iso_call *);
struct opencl_arg opencl_bn_variance_arg(const struct iso_call *);

/* ---- batch_normalization_cpu.c ---- */
/* Returns the bytes of workspace. */
size_t opencl_bn_cpu_workspace(const struct opencl_bn_layout *, enum iso_pass);
/* Unless call->training, the caller has set the saved mean and inverse. */
iso_rc opencl_bn_cpu_forward(struct opencl_bn_layout *, const struct iso_call *);
iso_rc opencl_bn_cpu_backward(struct opencl_bn_layout *, const struct iso_call *);
#endif
