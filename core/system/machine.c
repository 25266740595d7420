#define _GNU_SOURCE /* sched_getaffinity */
#include "machine.h"

#include <sched.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* The first number of a file, or its first two. */
static bool read_two(const char *path, long long *a, long long *b)
{
    FILE *f = fopen(path, "r");
    const int n = f != NULL ? fscanf(f, "%lld %lld", a, b) : 0;
    if (f != NULL)
        fclose(f);
    return n >= 1;
}

/* Returns a container's limit: the number in the file of its control group; 0 if there is none. */
static uint64_t container_limit(void)
{
    static const char *const paths[] = { "/sys/fs/cgroup/memory.max",
                                         "/sys/fs/cgroup/memory/memory.limit_in_bytes" };
    long long bytes = 0, none;
    for (int i = 0; i < 2 && bytes == 0; i++)
        if (!read_two(paths[i], &bytes, &none))
            bytes = 0;
    return bytes > 0 ? (uint64_t)bytes : 0;
}

uint64_t iso_machine_memory(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    const uint64_t limit = container_limit();
    const uint64_t all = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
    return limit > 0 && (all == 0 || limit < all) ? limit : all;
}

/* Processors a container's quota pays for, rounded up; 0 when there is no quota. */
static int quota(void)
{
    long long max = 0, period = 100000;
    if (!read_two("/sys/fs/cgroup/cpu.max", &max, &period)) {
        long long none;
        if (!read_two("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", &max, &none) ||
            !read_two("/sys/fs/cgroup/cpu/cpu.cfs_period_us", &period, &none))
            return 0;
    }
    return max > 0 && period > 0 ? (int)((max + period - 1) / period) : 0;
}

int iso_machine_processors(void)
{
    int n = (int)sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        n = CPU_COUNT(&set);
#endif
    const int paid = quota();
    if (paid > 0 && paid < n)
        n = paid;
    return n < 1 ? 1 : n;
}

const char *iso_machine_text(char *buf, size_t n)
{
    const int processors = iso_machine_processors();
    struct utsname system;
    if (uname(&system) < 0)
        system = (struct utsname){ .sysname = "a system", .release = "not known", .machine = "?" };
    snprintf(buf, n, "%s %s, %s, %d processor%s", system.sysname, system.release, system.machine,
             processors, processors == 1 ? "" : "s");
    return buf;
}

double iso_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
