/* tuner.h: measures which kernels, or CLBlast, compute the products of a model fastest on this
 * device. Each candidate runs in a child process (tuner_task.c), so that one that hangs or crashes
 * costs some seconds, once: the results are kept (records.h). Without measurements, products get
 * the default variants of tiles.c. */
#ifndef ISO_OPENCL_TUNER_H
#define ISO_OPENCL_TUNER_H
#include "opencl.h"

/* Called while planning: records the products of this call, forward and backward. */
iso_rc opencl_note_products(struct iso_backend *, enum iso_op, const struct iso_call *);
/* Measures the recorded products as far as base.tuning asks for it, and chooses the fastest
 * variants. Fails with ISO_ENOMEM only. */
iso_rc opencl_tune(struct opencl *);
/* iso_backend_ops.tuned */
iso_rc opencl_tuned(struct iso_backend *, iso_tuned_visit *, void *self);
void opencl_tuner_close(struct opencl *);
/* Seconds after which a candidate that has not answered counts as hanging, including its
 * compilation; more on a slow machine. */
extern double opencl_tuner_patience;
#endif
