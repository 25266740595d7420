/* child_tasks.c: all that a child can be asked to do, by name. */
#include "core/child.h"
#include "core/data/keras_direct.h"

const struct iso_task_entry iso_tasks[] = {
    { "keras", iso_keras_task },
    { NULL, NULL },
};
