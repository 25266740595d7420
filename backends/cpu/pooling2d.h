/* pooling2d.h: the passes that a pooling and its global sister share. */
#ifndef ISO_CPU_POOLING2D_H
#define ISO_CPU_POOLING2D_H
#include "core/ops/pooling2d.h"
#include "elements.h"

enum { ISO_CPU_POOL_CHANNELS = 256 }; /* summed at a time where several windows hold a pixel */

iso_rc ISO_CPU(max_pool)(struct iso_backend *, const struct iso_call *);
iso_rc ISO_CPU(max_pool_gradient)(struct iso_backend *, const struct iso_call *);
iso_rc ISO_CPU(average_pool_gradient)(struct iso_backend *, const struct iso_call *);
#endif
