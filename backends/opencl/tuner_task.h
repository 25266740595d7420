/* tuner_task.h: the tasks of the tuner's child process. */
#ifndef ISO_OPENCL_TUNER_TASK_H
#define ISO_OPENCL_TUNER_TASK_H
#include "core/child.h"
#include "trial.h"

#define OPENCL_TUNER_TASK "opencl-tune"
#define OPENCL_DRIVER_TASK "opencl-driver"

/* The tuner's task. Arguments: the device's id and the mode's number. Opens the device, sends a
 * byte, and answers each struct opencl_trial with a struct opencl_outcome. */
iso_rc iso_opencl_tune_task(const struct iso_task *);
/* The driver's task. Argument: the device's id. Opens the device, which compiles and runs a kernel.
 */
iso_rc iso_opencl_driver_task(const struct iso_task *);
/* Returns true in a process that runs one of these tasks. */
bool opencl_is_child(void);
#endif
