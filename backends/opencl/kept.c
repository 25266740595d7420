/* kept.c: files of the user's cache, written whole. */
#include "kept.h"

#include "core/cache.h"
#include "core/machine.h"
#include "opencl.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* Who holds the lock writes the file "new": one that a killed process has left is written over. */
static const char lock_name[] = "lock", new_name[] = "new";
static const double PATIENCE = 2; /* seconds */

int opencl_kept_lock(void)
{
    char path[1200];
    if (!iso_cache_create() || !iso_cache_path(lock_name, path, sizeof path))
        return -1;
    const int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const double until = iso_clock() + PATIENCE;
    while (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) != 0) {
        if (iso_clock() > until) {
            close(lock);
            return -1;
        }
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    }
    return lock;
}

void opencl_kept_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

bool opencl_kept_write(const char *name, const void *data, size_t n)
{
    char path[1200], temporary[1200];
    if (!iso_cache_path(name, path, sizeof path) ||
        !iso_cache_path(new_name, temporary, sizeof temporary))
        return false;
    FILE *f = fopen(temporary, "wb");
    if (f == NULL)
        return false;
    bool good = fwrite(data, 1, n, f) == n && fflush(f) == 0 && fsync(fileno(f)) == 0;
    good = fclose(f) == 0 && good;
    if (!good || rename(temporary, path) != 0)
        remove(temporary);
    return good;
}
