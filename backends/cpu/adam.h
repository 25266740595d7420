/* adam.h: the update of Adam and of AdamW. */
#ifndef ISO_CPU_ADAM_H
#define ISO_CPU_ADAM_H
#include "core/ops/adam.h"
#include "optimizer.h"

iso_rc ISO_CPU(adam_update)(struct iso_backend *, const struct iso_call *);
#endif
