/* memory.c: the peak of the process's memory, as the system counts it. */
#include "bench.h"

#include <stdio.h>
#include <sys/resource.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* The unit of ru_maxrss, in bytes. */
#ifdef __APPLE__
enum { RESIDENT_UNIT = 1 };
#else
enum { RESIDENT_UNIT = 1024 };
#endif

/* Returns freed memory to the system, then writes "5", which on Linux sets the peak to the present
 * size. */
void iso_bench_memory_reset(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    FILE *f = fopen("/proc/self/clear_refs", "w");
    if (f == NULL)
        return;
    fputs("5", f);
    fclose(f);
}

uint64_t iso_bench_memory_peak(void)
{
    char line[256];
    unsigned long long kilobytes;
    struct rusage usage;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "VmHWM: %llu kB", &kilobytes) == 1) {
            fclose(f);
            return kilobytes * 1024;
        }
    if (f != NULL)
        fclose(f);
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * RESIDENT_UNIT : 0;
}
