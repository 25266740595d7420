/* famine.c: memory that runs out once: a library to be preloaded, in which the allocation of number
 * FAMINE, counted from the beginning of main, fails; those of all libraries count. FAMINE_COUNT
 * names a file that gets the number of all allocations at the end; FAMINE_STOP stops a debugger
 * where it fails. Only a program called isocl is concerned, and its children, which count anew. A
 * process that takes 60 seconds of a processor, or ten minutes, is killed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))
enum { SECONDS = 60, PATIENCE = 600 };

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_long count;
static long fails; /* 0: none */
static atomic_bool counting;

/* Counts an allocation; true if it is the one that fails. */
static bool runs_out(void)
{
    if (!atomic_load(&counting) || atomic_fetch_add(&count, 1) + 1 != fails)
        return false;
    if (getenv("FAMINE_STOP") != NULL)
        raise(SIGTRAP);
    errno = ENOMEM;
    return true;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the names in the headers of the
 * C library are its own. */
SHOWN void *malloc(size_t n) { return runs_out() ? NULL : __libc_malloc(n); }
SHOWN void *calloc(size_t n, size_t size) { return runs_out() ? NULL : __libc_calloc(n, size); }
SHOWN void *realloc(void *p, size_t n) { return runs_out() ? NULL : __libc_realloc(p, n); }
SHOWN void *memalign(size_t a, size_t n) { return runs_out() ? NULL : __libc_memalign(a, n); }
SHOWN void *aligned_alloc(size_t a, size_t n) { return memalign(a, n); }

SHOWN int posix_memalign(void **p, size_t a, size_t n)
{
    *p = memalign(a, n);
    return *p != NULL || n == 0 ? 0 : ENOMEM;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* The process's end writes the number, without an allocation. */
static void tell(void)
{
    const char *path = getenv("FAMINE_COUNT");
    char text[32];
    atomic_store(&counting, false);
    const int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    const int n = snprintf(text, sizeof text, "%ld\n", atomic_load(&count));
    if (fd >= 0 && write(fd, text, (size_t)n) == n)
        close(fd);
    unsetenv("FAMINE_COUNT");
}

static int (*main_of_program)(int, char **, char **);

static int main_in_famine(int argc, char **argv, char **env)
{
    const char *number = getenv("FAMINE");
    if (strcmp(program_invocation_short_name, "isocl") != 0)
        return main_of_program(argc, argv, env);
    fails = number != NULL ? atol(number) : 0;
    setrlimit(RLIMIT_CPU, &(struct rlimit){ SECONDS, SECONDS });
    alarm(PATIENCE); /* on a busy machine, too, it is a deadlock */
    atexit(tell);
    atomic_store(&counting, true);
    return main_of_program(argc, argv, env);
}

int __libc_start_main(int (*begin)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
                      void *stack_end);
SHOWN int __libc_start_main(int (*begin)(int, char **, char **), int argc, char **argv,
                            void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
                            void *stack_end)
{
    __typeof__(&__libc_start_main) start;
    *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
    main_of_program = begin;
    return start(main_in_famine, argc, argv, init, fini, rtld_fini, stack_end);
}
