/* child_wire.h (private): the protocol between child.c, the parent's side, and child_main.c, the
 * child's. */
#ifndef ISO_CHILD_WIRE_H
#define ISO_CHILD_WIRE_H
#include "child.h"

#include <sys/types.h>

/* The environment variable that makes a program a child. Its value is the version and the limits of
 * processor time and memory. The program's arguments are the task's name and the task's own
 * arguments. A program that does not call iso_child_main inherits the variable and therefore starts
 * no child itself. */
#define ISO_CHILD_VARIABLE "ISOCL_CHILD"
#define ISO_CHILD_MARK ISO_VERSION " %lld %llu"

/* The pipes, in this order, have the descriptors from ISO_CHILD_FIRST on in the child. Nothing is
 * written to the last one: it ends when the parent has gone. */
enum { ISO_CHILD_REQUESTS, ISO_CHILD_RESULTS, ISO_CHILD_LIFE, ISO_CHILD_PIPES };
enum { ISO_CHILD_FIRST = 3 };

/* The header of each record. A child's first record is a greeting, its last one an ending. */
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

/* Starts the program with its end of each pipe, and returns the parent's ends in fd. On failure all
 * fd are -1 and pid is 0: there is nothing to close. */
iso_rc iso_child_spawn(const char *program, const struct iso_child_job *, int fd[ISO_CHILD_PIPES],
                       pid_t *pid);
void iso_child_close(int fd[ISO_CHILD_PIPES]);
#endif
