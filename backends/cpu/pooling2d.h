/* pooling2d.h: the passes shared by a pooling and its global variant. */
#ifndef ISO_CPU_POOLING2D_H
#define ISO_CPU_POOLING2D_H
#include "core/ops/pooling2d.h"
#include "elements.h"

enum { ISO_CPU_POOL_CHANNELS = 256 }; /* channels summed at a time if windows overlap */

iso_rc ISO_CPU(max_pool)(struct iso_backend *, const struct iso_call *);
iso_rc ISO_CPU(max_pool_gradient)(struct iso_backend *, const struct iso_call *);
iso_rc ISO_CPU(average_pool_gradient)(struct iso_backend *, const struct iso_call *);
#endif
