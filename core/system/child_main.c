/* child_main.c: the child's side: from the start of the program to the end of the task. */
#include "child_wire.h"
#include "program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_DESCRIPTORS = 1 << 16, WATCHER_STACK = 1 << 16 };
enum {
    REQUESTS = ISO_CHILD_FIRST + ISO_CHILD_REQUESTS,
    RESULTS = ISO_CHILD_FIRST + ISO_CHILD_RESULTS,
    LIFE = ISO_CHILD_FIRST + ISO_CHILD_LIFE,
    AFTER = ISO_CHILD_FIRST + ISO_CHILD_PIPES
};

/* ---- Records ------------------------------------------------------------------------------- */

static bool put(int fd, const void *data, size_t n)
{
    for (size_t done = 0; done < n;) {
        const ssize_t wrote = write(fd, (const char *)data + done, n - done);
        if (wrote < 0 && errno != EINTR)
            return false;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

static bool take(int fd, void *data, size_t n)
{
    for (size_t done = 0; done < n;) {
        const ssize_t got = read(fd, (char *)data + done, n - done);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bool put_record(int fd, enum iso_child_kind kind, const void *data, size_t n)
{
    const struct iso_child_head head = { .kind = kind, .bytes = n };
    return put(fd, &head, sizeof head) && put(fd, data, n);
}

bool iso_task_send(const struct iso_task *t, const void *data, size_t n)
{
    return put_record(t->results, ISO_CHILD_RECORD, data, n);
}

bool iso_task_receive(const struct iso_task *t, void *data, size_t room, size_t *n)
{
    struct iso_child_head head;
    if (!take(t->requests, &head, sizeof head) || head.bytes > room)
        return false;
    *n = (size_t)head.bytes;
    return take(t->requests, data, *n);
}

/* ---- Descriptors and limits ----------------------------------------------------------------- */

static bool is_pipe(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode);
}

/* Closes the descriptors that the parent has left open, so that no task sees them. */
static void close_others(void)
{
    DIR *folder = opendir("/proc/self/fd"); /* Linux */
    const long most = sysconf(_SC_OPEN_MAX);
    if (folder == NULL) {
        for (int fd = AFTER; fd < MOST_DESCRIPTORS && fd < most; fd++)
            close(fd);
        return;
    }
    for (struct dirent *d; (d = readdir(folder)) != NULL;) {
        const int fd = (int)strtol(d->d_name, NULL, 10);
        if (fd >= AFTER && fd != dirfd(folder))
            close(fd);
    }
    closedir(folder);
}

/* Bytes of data that the process has already; 0 where the system does not say. */
static uint64_t data_bytes(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL && fscanf(file, "%*u %*u %*u %*u %*u %llu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void limit(int what, uint64_t soft, uint64_t hard)
{
    struct rlimit l;
    if (getrlimit(what, &l) != 0)
        return;
    l.rlim_max = l.rlim_max == RLIM_INFINITY || l.rlim_max > hard ? (rlim_t)hard : l.rlim_max;
    l.rlim_cur = l.rlim_max > soft ? (rlim_t)soft : l.rlim_max;
    setrlimit(what, &l);
}

static void set_limits(uint64_t processor, uint64_t memory)
{
    limit(RLIMIT_CORE, 0, 0);
    if (processor > 0)
        limit(RLIMIT_CPU, processor, processor + 1);
    if (memory > 0)
        limit(RLIMIT_DATA, data_bytes() + memory, data_bytes() + memory);
}

/* Waits for the parent's end, and ends the child with all that it has started. A thread, because a
 * task that hangs looks at nothing. */
static void *watch_parent(void *unused)
{
    char nothing;
    while (read(LIFE, &nothing, 1) < 0 && errno == EINTR)
        continue;
    kill(0, SIGKILL); /* the child's own group */
    return unused;
}

static bool start_watching(void)
{
    pthread_attr_t how;
    pthread_t thread;
    if (pthread_attr_init(&how) != 0)
        return false;
    /* If the system refuses so small a stack, the default size remains. */
    pthread_attr_setstacksize(&how, WATCHER_STACK);
    pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
    const bool fine = pthread_create(&thread, &how, watch_parent, NULL) == 0;
    pthread_attr_destroy(&how);
    return fine;
}

/* ---- The task ------------------------------------------------------------------------------ */

static const struct iso_task_entry *find(const struct iso_task_entry *tasks, const char *name)
{
    for (; tasks != NULL && tasks->name != NULL; tasks++)
        if (strcmp(tasks->name, name) == 0)
            return tasks;
    return NULL;
}

/* Looks among the tasks of core, of the backends, and of this program. */
static const struct iso_task_entry *find_any(const struct iso_task_entry *more, const char *name)
{
    const struct iso_task_entry *entry = find(iso_tasks, name);
    for (int i = 0; entry == NULL && iso_backend_tasks[i] != NULL; i++)
        entry = find(iso_backend_tasks[i], name);
    return entry != NULL ? entry : find(more, name);
}

static iso_rc run(int argc, char **argv, const struct iso_task_entry *more)
{
    const struct iso_task t = {
        .argc = argc - 2, .argv = argv + 2, .requests = REQUESTS, .results = RESULTS
    };
    const struct iso_task_entry *entry = argc > 1 ? find_any(more, argv[1]) : NULL;
    if (entry == NULL)
        return iso_fail(ISO_EUSAGE, "%s has no task '%s'", argv[0], argc > 1 ? argv[1] : "");
    return entry->run(&t);
}

/* Ends the process without the functions of atexit, which belong to a whole program. */
static _Noreturn void be_child(int argc, char **argv, const char *mark,
                               const struct iso_task_entry *more)
{
    const struct iso_child_greeting greeting = { ISO_VERSION };
    struct iso_child_ending ending = { 0 };
    long long processor;
    unsigned long long memory;
    if (!put_record(RESULTS, ISO_CHILD_GREETING, &greeting, sizeof greeting) ||
        sscanf(mark, ISO_CHILD_MARK, &processor, &memory) != 2)
        _exit(EXIT_FAILURE); /* the parent reads the version */
    close_others();
    for (int fd = REQUESTS; fd < AFTER; fd++)
        fcntl(fd, F_SETFD,
              FD_CLOEXEC); /* processes that the task starts must not write to the pipes */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTTOU, SIG_IGN); /* a process in the background may then write to the terminal */
    if (start_watching()) {
        set_limits((uint64_t)processor, memory);
        ending.rc = run(argc, argv, more);
    } else
        ending.rc = iso_fail(ISO_ENOMEM, "cannot start a thread: %s", strerror(errno));
    if (ending.rc != ISO_OK)
        snprintf(ending.message, sizeof ending.message, "%s", iso_error());
    _exit(put_record(RESULTS, ISO_CHILD_ENDING, &ending, sizeof ending) ? EXIT_SUCCESS
                                                                        : EXIT_FAILURE);
}

void iso_child_main_with(int argc, char **argv, const struct iso_task_entry *more)
{
    char mark[64];
    const char *given = getenv(ISO_CHILD_VARIABLE);
    iso_program_remember(argc > 0 ? argv[0] : NULL);
    if (given == NULL)
        return;
    snprintf(mark, sizeof mark, "%s", given);
    unsetenv(ISO_CHILD_VARIABLE);
    if (!is_pipe(REQUESTS) || !is_pipe(RESULTS) || !is_pipe(LIFE) || getpgrp() != getpid()) {
        fprintf(stderr, "%s: " ISO_CHILD_VARIABLE " is set, which isocl does for its children\n",
                argv[0]);
        exit(2);
    }
    be_child(argc, argv, mark, more);
}

void iso_child_main(int argc, char **argv) { iso_child_main_with(argc, argv, NULL); }
