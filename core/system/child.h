/* child.h: work that may crash, hang or eat memory, done by a process of its own: this program
 * started again, or isocl (program.h says which). Nothing runs in a forked copy of the parent,
 * where threads are missing and the state of drivers is undefined.
 *
 * Both sides exchange records: any bytes, whose number travels with them. The parent trusts no
 * record: whoever reads one checks what it says. Functions of the parent's side that fail for the
 * child's sake return false and leave no message; the verdict says what happened.
 *
 *   ISO_TRY(iso_child_start(&job, &child));
 *   iso_child_send(child, &request, sizeof request);
 *   if (!iso_child_receive(child, &answer, sizeof answer, &n))
 *       puts(iso_child_text(iso_child_verdict(child), text, sizeof text));
 *   iso_child_free(child); */
#ifndef ISO_CHILD_H
#define ISO_CHILD_H
#include "core/iso.h"

/* ---- The program --------------------------------------------------------------------------- */

/* Called first in the main of a program that can be its own child. Returns at once unless the
 * program was started as a child: then it runs the task and exits. For a program that does not call
 * it, isocl is started as the child. */
void iso_child_main(int argc, char **argv);

/* ---- The parent ---------------------------------------------------------------------------- */

struct iso_child_limits {
    double seconds;    /* elapsed time from the task's beginning; > 0. See iso_child_allow */
    int64_t processor; /* seconds of processor time; 0: no limit */
    uint64_t memory; /* bytes more than the process has when the task begins; 0: no limit. May have
                        no effect on a system such as macOS, which limits the data segment only */
};
/* A job may be started any number of times. */
struct iso_child_job {
    const char *task;             /* a name of iso_tasks or iso_backend_tasks */
    const char *const *arguments; /* for the task, NULL-terminated; NULL: none */
    struct iso_child_limits limits;
};

enum iso_child_end {
    ISO_CHILD_RUNS,
    ISO_CHILD_DONE,    /* the task returned; rc and message are its own */
    ISO_CHILD_CRASHED, /* ended by `signal`, or, if that is 0, exited with `status` before the task
                          returned */
    ISO_CHILD_LATE,    /* it took too long and was killed */
    ISO_CHILD_LIMITED, /* it reached the limit of processor time (SIGXCPU) or of memory (rc is
                          ISO_ENOMEM), or the system took it (SIGKILL). Code that does not check its
                          allocations crashes instead */
    ISO_CHILD_GARBLED  /* it sent something other than the expected record and was killed */
};
enum { ISO_CHILD_MESSAGE = 1024 };
struct iso_child_verdict {
    enum iso_child_end end;
    int signal, status;
    iso_rc rc;                       /* the task's return code; ISO_OK if the task did not return */
    char message[ISO_CHILD_MESSAGE]; /* the task's iso_error(), truncated */
};

struct iso_child;
/* Starts a child and waits until it confirms that it has this version; otherwise fails with ISO_EIO
 * and a message that says what to do. The child is in a process group of its own, so that only the
 * parent receives a Ctrl-C. It has the parent's working directory, environment and standard error,
 * and no other descriptor of the parent's. It ends with the parent, even if the task hangs. */
iso_rc iso_child_start(const struct iso_child_job *, struct iso_child **out);
/* Restarts the time limit, with this many seconds from now: for a child that answers many requests.
 * The parent kills a late child when it waits for it. */
void iso_child_allow(struct iso_child *, double seconds);
/* Sends a record. A failure shows at the next iso_child_receive. A task must have read its request
 * before it answers: neither side reads while it writes. */
void iso_child_send(struct iso_child *, const void *data, size_t n);
/* Waits for the next record, of at most `room` bytes, and writes its size to *n. Returns false if
 * no record follows: the child has ended, or this call ended it. Records that were sent before a
 * crash are still received. */
bool iso_child_receive(struct iso_child *, void *data, size_t room, size_t *n);
/* Waits for so many seconds, or until a signal arrives; returns true as soon as iso_child_receive
 * would have something to read or the child is late. */
bool iso_child_waits(struct iso_child *, double seconds);
/* Like iso_child_receive, for a record that must have n bytes. */
bool iso_child_receive_all(struct iso_child *, void *data, size_t n);
/* Tells the child that no request follows, drops the records that still arrive, and waits for its
 * end. */
void iso_child_finish(struct iso_child *);
/* Borrowed from the child. */
const struct iso_child_verdict *iso_child_verdict(const struct iso_child *);
/* Writes "crashed (signal 11, Segmentation fault)" into buf, and returns buf. */
const char *iso_child_text(const struct iso_child_verdict *, char *buf, size_t n);
/* Frees the child; kills it, with all processes of its group, if it still runs. NULL is fine. */
void iso_child_free(struct iso_child *);

/* ---- The task ------------------------------------------------------------------------------ */

struct iso_task {
    int argc;
    char **argv;           /* the job's arguments, NULL-terminated */
    int requests, results; /* descriptors of pipes */
};
/* Receive and send records on the child's side. Return false if the parent has sent its last
 * request or has gone. */
bool iso_task_receive(const struct iso_task *, void *data, size_t room, size_t *n);
bool iso_task_send(const struct iso_task *, const void *data, size_t n);

/* One task. Its return code and its message become the verdict. */
struct iso_task_entry {
    const char *name;
    iso_rc (*run)(const struct iso_task *);
};
/* core/job/child_tasks.c: core's own tasks; name NULL ends them. */
extern const struct iso_task_entry iso_tasks[];
/* backends/registry.c: those of each backend, ended in the same way; NULL at the end. */
extern const struct iso_task_entry *const iso_backend_tasks[];
/* iso_child_main for a program that has tasks of its own, which other programs cannot run. */
void iso_child_main_with(int argc, char **argv, const struct iso_task_entry *more);
#endif
