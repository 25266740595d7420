/* tuner_task.h: what the tuner and its child say to each other. */
#ifndef ISO_OPENCL_TUNER_TASK_H
#define ISO_OPENCL_TUNER_TASK_H
#include "core/child.h"
#include "trial.h"

#define OPENCL_TUNER_TASK "opencl-tune"
#define OPENCL_DRIVER_TASK "opencl-driver"

/* The task of that name. Arguments: the device's id, and the mode's number. Opens the device, says
 * so with a byte, and answers each struct opencl_trial with a struct opencl_outcome. */
iso_rc iso_opencl_tune_task(const struct iso_task *);
/* Arguments: the device's id. Opens it, which compiles and runs a kernel. */
iso_rc iso_opencl_driver_task(const struct iso_task *);
/* True in a process that runs one of these. */
bool opencl_is_child(void);
#endif
