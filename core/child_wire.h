/* child_wire.h (private): what child.c, the parent's side, and child_main.c, the child's, agree on.
 */
#ifndef ISO_CHILD_WIRE_H
#define ISO_CHILD_WIRE_H
#include "child.h"

#include <sys/types.h>

/* The environment variable that makes a program a child: its version, and the limits of processor
 * time and memory. The arguments are the task's name and the task's own. A program that knows
 * nothing of it still has the variable, and starts no child in its turn. */
#define ISO_CHILD_VARIABLE "ISOCL_CHILD"
#define ISO_CHILD_MARK ISO_VERSION " %lld %llu"

/* The pipes, which the child has as descriptors from ISO_CHILD_FIRST on, in this order. Nothing is
 * written to the last: its end says that the parent has gone. */
enum { ISO_CHILD_REQUESTS, ISO_CHILD_RESULTS, ISO_CHILD_LIFE, ISO_CHILD_PIPES };
enum { ISO_CHILD_FIRST = 3 };

/* Before each record. The first one of a child is a greeting, the last one an end. */
enum iso_child_kind { ISO_CHILD_GREETING = 1, ISO_CHILD_RECORD, ISO_CHILD_ENDING };
struct iso_child_head {
    uint32_t kind, zero;
    uint64_t bytes;
};
struct iso_child_greeting {
    char version[32];
};
struct iso_child_ending {
    int32_t rc;
    char message[ISO_CHILD_MESSAGE];
};

/* Starts the program with its end of each pipe. fd: the parent's ends. On failure there is nothing
 * to close: all are -1, and pid is 0. */
iso_rc iso_child_spawn(const char *program, const struct iso_child_job *, int fd[ISO_CHILD_PIPES],
                       pid_t *pid);
void iso_child_close(int fd[ISO_CHILD_PIPES]);
#endif
