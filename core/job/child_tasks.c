/* child_tasks.c: what core asks children to do, by name. */
#include "core/system/child.h"
#include "core/formats/keras_direct.h"
#include "core/parity/in_child.h"

const struct iso_task_entry iso_tasks[] = {
    { "keras", iso_keras_task },
    { "keras-write", iso_keras_write_task },
    { ISO_PARITY_CHECK_TASK, iso_parity_check_task },
    { ISO_PARITY_LIST_TASK, iso_parity_list_task },
    { NULL, NULL },
};
