#include "tasks.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void hang(void)
{
    for (;;)
        pause();
}

static _Noreturn void crash(void)
{
    signal(SIGSEGV, SIG_DFL); /* sanitizers have a handler */
    raise(SIGSEGV);
    abort();
}

/* Answers each record by itself. */
static iso_rc echo(const struct iso_task *t)
{
    static char data[1 << 22];
    size_t n;
    while (iso_task_receive(t, data, sizeof data, &n))
        if (!iso_task_send(t, data, n))
            return ISO_EIO;
    return ISO_OK;
}

static iso_rc fail(const struct iso_task *t)
{
    return iso_fail(ISO_EDATA, "%d words, the last is %s", t->argc, t->argv[t->argc - 1]);
}

/* Numbers, and then a crash. */
static iso_rc stream_and_crash(const struct iso_task *t)
{
    for (int i = 0; i < TASK_RECORDS; i++)
        iso_task_send(t, &i, sizeof i);
    crash();
}

static iso_rc say_and_hang(const struct iso_task *t)
{
    iso_task_send(t, "", 1);
    hang();
}

/* Takes processor time, and never ends. */
static iso_rc spin(const struct iso_task *t)
{
    volatile int turns = t->argc;
    while (turns >= 0)
        turns = !turns;
    return ISO_OK;
}

static iso_rc eat(const struct iso_task *t)
{
    enum { BITE = 1 << 20 };
    for (int bites = 0;; bites++) {
        char *bite = iso_alloc(BITE, 1);
        if (bite == NULL)
            return ISO_ENOMEM;
        memset(bite, 1, BITE);
        iso_task_send(t, &bites, sizeof bites);
    }
}

static iso_rc leave(const struct iso_task *t)
{
    (void)t;
    _exit(3);
}

static iso_rc garble(const struct iso_task *t)
{
    static const char nonsense[256] = "no record begins like this";
    return write(t->results, nonsense, sizeof nonsense) > 0 ? ISO_OK : ISO_EIO;
}

/* True of each descriptor that is open, and whether the limits of the parent's test are in place.
 */
static iso_rc list_descriptors(const struct iso_task *t)
{
    bool open[TASK_DESCRIPTORS];
    for (int fd = 0; fd < TASK_DESCRIPTORS; fd++)
        open[fd] = fcntl(fd, F_GETFD) >= 0;
    iso_task_send(t, open, sizeof open);
    return ISO_OK;
}

/* Holds a lock on the file that is named, which ends with the process. */
static iso_rc hold(const struct iso_task *t)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    const int fd = open(t->argv[0], O_RDWR);
    if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0)
        return iso_fail(ISO_EIO, "cannot lock %s", t->argv[0]);
    return say_and_hang(t);
}

/* Has a child of its own hold the lock. */
static iso_rc have_held(const struct iso_task *t)
{
    const struct iso_child_job job = { .task = "hold",
                                       .arguments = (const char *const *)t->argv,
                                       .limits = { .seconds = 1000 } };
    struct iso_child *child;
    char said;
    ISO_TRY(iso_child_start(&job, &child));
    if (!iso_child_receive_all(child, &said, 1))
        return iso_fail(ISO_EIO, "%s", iso_child_verdict(child)->message);
    return say_and_hang(t);
}

/* Leaves a process that holds the lock, and crashes. */
static iso_rc leave_behind(const struct iso_task *t)
{
    if (fork() == 0) {
        hold(t);
        _exit(1);
    }
    hang();
}

const struct iso_task_entry test_tasks[] = {
    { "echo", echo },         { "fail", fail },           { "stream and crash", stream_and_crash },
    { "hang", say_and_hang }, { "spin", spin },           { "eat", eat },
    { "leave", leave },       { "garble", garble },       { "descriptors", list_descriptors },
    { "hold", hold },         { "have held", have_held }, { "leave behind", leave_behind },
    { NULL, NULL },
};
