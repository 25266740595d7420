/* tuner.h: measures which kernels, or CLBlast, compute the products of a model fastest on this
 * device. Each candidate runs in a child process (tuner_task.c), so that one that hangs or crashes
 * costs some seconds, once: what was found out is kept (records.h). Without any of it, products get
 * the variants that tiles.c takes by default. */
#ifndef ISO_OPENCL_TUNER_H
#define ISO_OPENCL_TUNER_H
#include "opencl.h"

/* Plan time: notes the products that the op makes of this call, forward and backward. */
iso_rc opencl_note_products(struct iso_backend *, enum iso_op, const struct iso_call *);
/* Measures what base.tuning asks for, of the products noted by then, and has the winners chosen.
 * Fails only without memory. */
iso_rc opencl_tune(struct opencl *);
/* iso_backend_ops.tuned */
iso_rc opencl_tuned(struct iso_backend *, iso_tuned_visit *, void *self);
void opencl_tuner_close(struct opencl *);
/* Seconds after which a candidate hangs that has not answered, its compilation included; more on a
 * slow machine. */
extern double opencl_tuner_patience;
#endif
