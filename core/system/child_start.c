/* child_start.c: a program started with three pipes and nothing else of the parent's. */
#include "child_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The parent's descriptors of pipes begin here: none is a number that the child needs. */
enum { LOWEST = 16 };

extern char **environ;

void iso_child_close(int fd[ISO_CHILD_PIPES])
{
    for (int i = 0; i < ISO_CHILD_PIPES; i++) {
        if (fd[i] >= 0)
            close(fd[i]);
        fd[i] = -1;
    }
}

/* A pipe whose ends no program inherits. */
static bool open_pipe(int *from, int *to)
{
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    *from = fcntl(ends[0], F_DUPFD_CLOEXEC, LOWEST);
    *to = fcntl(ends[1], F_DUPFD_CLOEXEC, LOWEST);
    const int fault = errno;
    close(ends[0]);
    close(ends[1]);
    errno = fault;
    return *from >= 0 && *to >= 0;
}

static bool open_pipes(int ours[ISO_CHILD_PIPES], int theirs[ISO_CHILD_PIPES])
{
    return open_pipe(&theirs[ISO_CHILD_REQUESTS], &ours[ISO_CHILD_REQUESTS]) &&
           open_pipe(&ours[ISO_CHILD_RESULTS], &theirs[ISO_CHILD_RESULTS]) &&
           open_pipe(&theirs[ISO_CHILD_LIFE], &ours[ISO_CHILD_LIFE]) &&
           fcntl(ours[ISO_CHILD_REQUESTS], F_SETFL, O_NONBLOCK) == 0;
}

/* The pipes, and /dev/null: a library that prints says nothing in between. Standard error is the
 * parent's. */
static int set_files(posix_spawn_file_actions_t *files, const int theirs[ISO_CHILD_PIPES])
{
    int fault = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (fault == 0)
        fault = posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    for (int i = 0; i < ISO_CHILD_PIPES && fault == 0; i++)
        fault = posix_spawn_file_actions_adddup2(files, theirs[i], ISO_CHILD_FIRST + i);
    return fault;
}

/* A group of its own, and signals as a program expects them, whatever the parent ignores. */
static int set_signals(posix_spawnattr_t *how)
{
    sigset_t all, none;
    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    int fault = posix_spawnattr_setflags(how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                  POSIX_SPAWN_SETSIGDEF);
    if (fault == 0)
        fault = posix_spawnattr_setpgroup(how, 0);
    if (fault == 0)
        fault = posix_spawnattr_setsigmask(how, &none);
    return fault != 0 ? fault : posix_spawnattr_setsigdefault(how, &all);
}

static int start(const char *program, char *const *argv, char *const *env,
                 const int theirs[ISO_CHILD_PIPES], pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    int fault = posix_spawn_file_actions_init(&files);
    if (fault != 0)
        return fault;
    fault = posix_spawnattr_init(&how);
    if (fault == 0) {
        fault = set_files(&files, theirs);
        if (fault == 0)
            fault = set_signals(&how);
        if (fault == 0)
            fault = posix_spawn(pid, program, &files, &how, argv, env);
        posix_spawnattr_destroy(&how);
    }
    posix_spawn_file_actions_destroy(&files);
    return fault;
}

static size_t count(const char *const *list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}

/* The words, then the list, NULL-terminated; free it with free(). */
static char **join(const char *const *words, size_t n, const char *const *list)
{
    const size_t more = count(list);
    char **joined = iso_alloc(n + more + 1, sizeof *joined);
    for (size_t i = 0; joined != NULL && i < n + more; i++)
        joined[i] = (char *)(i < n ? words[i] : list[i - n]); /* nobody writes to them */
    return joined;
}

iso_rc iso_child_spawn(const char *program, const struct iso_child_job *job,
                       int fd[ISO_CHILD_PIPES], pid_t *pid)
{
    int theirs[ISO_CHILD_PIPES] = { -1, -1, -1 }, fault = 0;
    char mark[96];
    snprintf(mark, sizeof mark, ISO_CHILD_VARIABLE "=" ISO_CHILD_MARK,
             (long long)job->limits.processor, (unsigned long long)job->limits.memory);
    char **argv = join((const char *const[]){ program, job->task }, 2, job->arguments);
    char **env = join((const char *const[]){ mark }, 1, (const char *const *)environ);
    for (int i = 0; i < ISO_CHILD_PIPES; i++)
        fd[i] = -1;
    const bool memory = argv != NULL && env != NULL;
    if (memory)
        fault = open_pipes(fd, theirs) ? start(program, argv, env, theirs, pid) : errno;
    iso_child_close(theirs);
    free(argv);
    free(env);
    if (memory && fault == 0)
        return ISO_OK;
    iso_child_close(fd);
    *pid = 0;
    return memory ? iso_fail(ISO_EIO, "cannot start %s as a child: %s", program, strerror(fault))
                  : ISO_ENOMEM;
}
