/* pooling2d.h: the passes shared by a pooling and its global variant. */
#ifndef ISO_REFERENCE_POOLING2D_H
#define ISO_REFERENCE_POOLING2D_H
#include "core/arithmetic/formulas.h"
#include "core/ops/pooling2d.h"
#include "sums.h"

/* Returns the bytes of workspace of max pooling: dx of one image in backward, else 0. */
size_t ISO_KERNEL(pool_workspace)(struct iso_backend *, const struct iso_call *, enum iso_pass);
iso_rc ISO_KERNEL(max_pool)(struct iso_backend *, const struct iso_call *);
iso_rc ISO_KERNEL(max_pool_gradient)(struct iso_backend *, const struct iso_call *);
iso_rc ISO_KERNEL(average_pool_gradient)(struct iso_backend *, const struct iso_call *);
#endif
