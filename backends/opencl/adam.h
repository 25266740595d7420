/* adam.h: the update of Adam and of AdamW. */
#ifndef ISO_OPENCL_ADAM_H
#define ISO_OPENCL_ADAM_H
#include "optimizer.h"

bool opencl_adam_supports(struct iso_backend *, const struct iso_call *, char *why, size_t n);
iso_rc opencl_adam_update(struct iso_backend *, const struct iso_call *);
#endif
