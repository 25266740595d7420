/* adam.h: the update of Adam and of AdamW. */
#ifndef ISO_REFERENCE_ADAM_H
#define ISO_REFERENCE_ADAM_H
#include "core/ops/adam.h"
#include "optimizer.h"

iso_rc ISO_KERNEL(adam_update)(struct iso_backend *, const struct iso_call *);
#endif
