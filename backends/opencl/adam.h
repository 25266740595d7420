/* adam.h: the update of Adam and of AdamW. */
#ifndef ISO_OPENCL_ADAM_H
#define ISO_OPENCL_ADAM_H
#include "optimizer.h"

iso_rc opencl_adam_update(struct iso_backend *, const struct iso_call *);
#endif
