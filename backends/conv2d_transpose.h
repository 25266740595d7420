/* conv2d_transpose.h: the kernel of conv2d_transpose, made of the same backend's kernel of conv2d,
 * whose passes exchange their parts; every backend names it in a file of its own, which also puts
 * the bias where the sums are added to it. Where dx is added to, the pass that gives it writes to
 * the beginning of the workspace, and slice's kernel, which takes all channels, adds it. */
#ifndef ISO_CONV2D_TRANSPOSE_H
#define ISO_CONV2D_TRANSPOSE_H
#include "core/iso.h"

/* Members of iso_kernel. Forward adds to y if there is a bias, and else overwrites it. */
bool iso_transpose_supports(struct iso_backend *, enum iso_op, const struct iso_call *, char *why,
                            size_t n);
iso_rc iso_transpose_prepare(struct iso_backend *, const struct iso_call *);
size_t iso_transpose_workspace(struct iso_backend *, const struct iso_call *, enum iso_pass);
iso_rc iso_transpose_forward(struct iso_backend *, const struct iso_call *);
iso_rc iso_transpose_backward(struct iso_backend *, const struct iso_call *);
#endif
