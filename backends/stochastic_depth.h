/* stochastic_depth.h: the kernel of stochastic_depth, made of the same backend's kernel of
 * spatial_dropout2d; every backend names it in a file of its own. */
#ifndef ISO_STOCHASTIC_DEPTH_H
#define ISO_STOCHASTIC_DEPTH_H
#include "core/iso.h"

/* Members of iso_kernel. */
bool iso_stochastic_supports(struct iso_backend *, enum iso_op, const struct iso_call *, char *why,
                             size_t n);
iso_rc iso_stochastic_forward(struct iso_backend *, const struct iso_call *);
iso_rc iso_stochastic_backward(struct iso_backend *, const struct iso_call *);
#endif
