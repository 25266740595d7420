/* tuner_task.h: the tasks that this backend gives to children. */
#ifndef ISO_OPENCL_TUNER_TASK_H
#define ISO_OPENCL_TUNER_TASK_H
#include "core/system/child.h"
#include "trial.h"

#define OPENCL_TUNER_TASK "opencl-tune"
#define OPENCL_DRIVER_TASK "opencl-driver"
#define OPENCL_LIST_TASK "opencl-list"

/* OPENCL_TUNER_TASK takes the device's id and the mode's number, opens the device, sends a byte,
 * and answers each struct opencl_trial with a struct opencl_outcome. OPENCL_DRIVER_TASK takes the
 * device's id and opens the device, which compiles and runs a kernel. OPENCL_LIST_TASK asks the
 * drivers for their devices. */
extern const struct iso_task_entry iso_opencl_tasks[];
/* Returns true in a process that runs one of these tasks. */
bool opencl_is_child(void);
#endif
