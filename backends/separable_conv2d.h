/* separable_conv2d.h: the kernel of separable_conv2d, made of the same backend's kernels of
 * depthwise_conv2d and conv2d; every backend names it in a file of its own. The value between the
 * two is saved[0]; its gradient lies at the start of the workspace, theirs after it. */
#ifndef ISO_SEPARABLE_CONV2D_H
#define ISO_SEPARABLE_CONV2D_H
#include "core/iso.h"

/* Members of iso_kernel. fuses_activation is that of the backend's conv2d. */
bool iso_separable_supports(struct iso_backend *, enum iso_op, const struct iso_call *, char *why,
                            size_t n);
iso_rc iso_separable_prepare(struct iso_backend *, const struct iso_call *);
size_t iso_separable_workspace(struct iso_backend *, const struct iso_call *, enum iso_pass);
iso_rc iso_separable_forward(struct iso_backend *, const struct iso_call *);
iso_rc iso_separable_backward(struct iso_backend *, const struct iso_call *);
#endif
