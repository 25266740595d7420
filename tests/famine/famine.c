/* famine.c: memory that runs out once: a library to be preloaded, in which the allocation of number
 * FAMINE, counted from the beginning of main, fails; those of all libraries count. FAMINE_COUNT
 * names a file that gets the number of all allocations at the end; FAMINE_STOP stops a debugger
 * where it fails. Only a program called isocl is concerned, and its children, which count anew. A
 * process that takes 60 seconds of a processor, or ten minutes, is killed.
 *
 * FAMINE_STACKS names a file to which each process adds, for each different stack of calls from
 * which memory is asked, a line: its generation (0: the first process, 1: its children), and the
 * numbers of the first and of the last allocation from there. FAMINE_GENERATION=G lets memory run
 * out in processes of that generation only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
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

/* The different stacks, by the sum of their addresses, in a table that is searched from there. */
enum { STACKS = 1 << 16, FRAMES = 128 };
static struct stack {
    uint64_t sum; /* 0: free */
    long first, last;
} stacks[STACKS];
static bool looks_at_stacks;
static int generation;
static pthread_mutex_t stacks_lock = PTHREAD_MUTEX_INITIALIZER;
static __thread bool inside __attribute__((tls_model("initial-exec"))); /* backtrace allocates */

static uint64_t sum_of_stack(void)
{
    void *frames[FRAMES];
    uint64_t sum = 14695981039346656037U;
    const int n = backtrace(frames, FRAMES);
    for (int i = 0; i < n; i++)
        sum = (sum ^ (uintptr_t)frames[i]) * 1099511628211U;
    return sum | 1;
}

/* Takes note of the stack of an allocation. A full table ends the process. */
static void note_stack(long number)
{
    inside = true;
    const uint64_t sum = sum_of_stack();
    pthread_mutex_lock(&stacks_lock);
    uint64_t i = sum % STACKS;
    int tries = 0;
    for (; stacks[i].sum != 0 && stacks[i].sum != sum; i = (i + 1) % STACKS)
        if (++tries == STACKS)
            abort();
    if (stacks[i].sum == 0)
        stacks[i] = (struct stack){ sum, number, number };
    stacks[i].last = number;
    pthread_mutex_unlock(&stacks_lock);
    inside = false;
}

/* Adds the stacks to their file, without an allocation. */
static void tell_stacks(void)
{
    char line[80];
    const int fd = open(getenv("FAMINE_STACKS"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    for (int i = 0; i < STACKS && fd >= 0; i++) {
        const struct stack *s = &stacks[i];
        const int n = snprintf(line, sizeof line, "%d %ld %ld\n", generation, s->first, s->last);
        if (s->sum != 0 && write(fd, line, (size_t)n) != n)
            abort();
    }
    if (fd >= 0)
        close(fd);
}

/* Takes what the environment says of stacks and generations; children are of the next one. */
static void look_at_environment(void)
{
    const char *mine = getenv("FAMINE_MINE"), *only = getenv("FAMINE_GENERATION");
    char next[16];
    void *frame[1];
    generation = mine != NULL ? atoi(mine) : 0;
    if (only != NULL && atoi(only) != generation)
        fails = 0;
    snprintf(next, sizeof next, "%d", generation + 1);
    setenv("FAMINE_MINE", next, 1);
    looks_at_stacks = getenv("FAMINE_STACKS") != NULL;
    if (looks_at_stacks)
        backtrace(frame, 1); /* loads the library that it needs */
}

/* Counts an allocation; true if it is the one that fails. */
static bool runs_out(void)
{
    if (!atomic_load(&counting) || inside)
        return false;
    const long number = atomic_fetch_add(&count, 1) + 1;
    if (looks_at_stacks)
        note_stack(number);
    if (number != fails)
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
    if (looks_at_stacks)
        tell_stacks();
    unsetenv("FAMINE_COUNT");
}

static int (*main_of_program)(int, char **, char **);

static int main_in_famine(int argc, char **argv, char **env)
{
    const char *number = getenv("FAMINE");
    if (strcmp(program_invocation_short_name, "isocl") != 0)
        return main_of_program(argc, argv, env);
    fails = number != NULL ? atol(number) : 0;
    look_at_environment();
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
