/* optimizer.h: queues the update of an optimizer. */
#ifndef ISO_OPENCL_OPTIMIZER_H
#define ISO_OPENCL_OPTIMIZER_H
#include "opencl.h"

/* Queues a kernel whose arguments are weight, gradient, `slots` slots, the number of elements (a
 * uint), and then args; one work-item per element. If the call has fewer slots, the weight is
 * passed in their place, and another argument tells the kernel to ignore it. */
iso_rc opencl_update(struct iso_backend *, const struct iso_call *, const char *program,
                     const char *name, int slots, const struct opencl_arg *args, int nargs);
#endif
