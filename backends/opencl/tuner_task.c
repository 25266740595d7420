/* tuner_task.c: the child's side of the tuner, and of the first use of a driver. */
#include "tuner_task.h"

#include <stdlib.h>

static bool is_child;

bool opencl_is_child(void) { return is_child; }

static iso_rc open_device(const struct iso_task *task, enum iso_mode mode, struct iso_backend **out)
{
    is_child = true;
    setenv("ISOCL_QUIET", "1", 1); /* the parent says what there is to say */
    if (task->argc < 1)
        return iso_fail(ISO_EUSAGE, "the task is given no device");
    return iso_backend_open(task->argv[0], mode, 0, out);
}

static void answer(struct iso_backend *be, const struct iso_task *task)
{
    struct opencl_trial trial;
    size_t n;
    while (iso_task_receive(task, &trial, sizeof trial, &n) && n == sizeof trial) {
        struct opencl_outcome outcome;
        opencl_trial_run(opencl_of(be), &trial, &outcome);
        iso_error_clear();
        if (!iso_task_send(task, &outcome, sizeof outcome))
            return;
    }
}

static iso_rc tune(const struct iso_task *task)
{
    struct iso_backend *be;
    const char ready = 1;
    struct opencl_kernel *first;
    const bool fast = task->argc > 1 && atoi(task->argv[1]) == ISO_MODE_FAST;
    ISO_TRY(open_device(task, fast ? ISO_MODE_FAST : ISO_MODE_EXACT, &be));
    const iso_rc rc = opencl_kernel(opencl_of(be), "trial.cl", "trial_fill", &first);
    if (rc == ISO_OK && iso_task_send(task, &ready, sizeof ready))
        answer(be, task);
    iso_backend_close(be);
    return rc;
}

static iso_rc try_driver(const struct iso_task *task)
{
    struct iso_backend *be;
    ISO_TRY(open_device(task, ISO_MODE_DEFAULT, &be));
    iso_backend_close(be);
    return ISO_OK;
}

static iso_rc list_devices(const struct iso_task *task)
{
    struct opencl_found found[OPENCL_MAX_DEVICES];
    (void)task;
    is_child = true;
    opencl_find_all(found, OPENCL_MAX_DEVICES);
    return ISO_OK;
}

const struct iso_task_entry iso_opencl_tasks[] = {
    { OPENCL_TUNER_TASK, tune },
    { OPENCL_DRIVER_TASK, try_driver },
    { OPENCL_LIST_TASK, list_devices },
    { NULL, NULL },
};
