/* conv2d_groups.h: convolutions whose channels fall into groups. */
#ifndef ISO_OPENCL_CONV2D_GROUPS_H
#define ISO_OPENCL_CONV2D_GROUPS_H
#include "core/ops/conv2d_groups.h"
#include "opencl.h"

/* False with the reason: the gradient's sums are too many for the kernels' indices. */
bool opencl_conv2d_groups_fits(const struct iso_call *, char *why, size_t n);
/* Floats of workspace. */
size_t opencl_conv2d_groups_work(const struct iso_call *, enum iso_pass);
/* The activation that follows is the caller's. */
iso_rc opencl_conv2d_groups_forward(struct opencl *, const struct iso_call *);
iso_rc opencl_conv2d_groups_input(struct opencl *, const struct iso_call *);
iso_rc opencl_conv2d_groups_kernel(struct opencl *, const struct iso_call *);
#endif
