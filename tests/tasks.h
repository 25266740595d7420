/* tasks.h: tasks for children of test programs, most of which go wrong. test_child.c has them run.
 */
#ifndef ISO_TEST_TASKS_H
#define ISO_TEST_TASKS_H
#include "core/system/child.h"

enum { TASK_RECORDS = 3, TASK_DESCRIPTORS = 64 };
extern const struct iso_task_entry test_tasks[];
#endif
