#include "machine.h"

#include <stdio.h>
#include <unistd.h>

/* What a container may take: the number in the file of its control group; 0 where there is none,
 * or where the file says that there is no limit. */
static uint64_t container_limit(void)
{
    static const char *const paths[] = { "/sys/fs/cgroup/memory.max",
                                         "/sys/fs/cgroup/memory/memory.limit_in_bytes" };
    unsigned long long bytes = 0;
    for (int i = 0; i < 2 && bytes == 0; i++) {
        FILE *f = fopen(paths[i], "r");
        if (f && fscanf(f, "%llu", &bytes) != 1)
            bytes = 0;
        if (f)
            fclose(f);
    }
    return bytes;
}

uint64_t iso_machine_memory(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    const uint64_t limit = container_limit();
    const uint64_t all = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
    return limit > 0 && (all == 0 || limit < all) ? limit : all;
}

int iso_machine_processors(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (int)n;
}
