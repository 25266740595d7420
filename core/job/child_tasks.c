/* child_tasks.c: all that a child can be asked to do, by name. */
#include "core/child.h"
#include "core/data/keras_direct.h"
#include "core/parity/in_child.h"
#ifdef ISO_HAVE_OPENCL
#include "backends/opencl/tuner_task.h"
#endif

const struct iso_task_entry iso_tasks[] = {
    { "keras", iso_keras_task },
    { ISO_PARITY_CHECK_TASK, iso_parity_check_task },
    { ISO_PARITY_LIST_TASK, iso_parity_list_task },
#ifdef ISO_HAVE_OPENCL
    { OPENCL_TUNER_TASK, iso_opencl_tune_task },
    { OPENCL_DRIVER_TASK, iso_opencl_driver_task },
#endif
    { NULL, NULL },
};
