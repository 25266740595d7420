/* cache.c: $XDG_CACHE_HOME/isocl, or ~/.cache/isocl. */
#include "cache.h"

#include "environment.h"
#include "file.h"
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const double PATIENCE = 2; /* seconds for another process to let go of the lock */

/* Writes "<cache folder>/isocl" into path; returns the length of its first part, or 0 if there is
 * no such folder or no room. */
static size_t find_folder(char *path, size_t n)
{
    const char *base = iso_environment(ISO_ENV_CACHE_HOME), *home = getenv("HOME");
    if (base == NULL && (home == NULL || *home == '\0'))
        return 0;
    const int k =
        snprintf(path, n, "%s%s/isocl", base != NULL ? base : home, base != NULL ? "" : "/.cache");
    return k > 0 && (size_t)k < n ? (size_t)k - strlen("/isocl") : 0;
}

bool iso_cache_path(const char *name, char *path, size_t n)
{
    char folder[1024];
    if (find_folder(folder, sizeof folder) == 0)
        return false;
    const int k = snprintf(path, n, "%s/%s", folder, name);
    return k > 0 && (size_t)k < n;
}

bool iso_cache_create(void)
{
    char folder[1024];
    const size_t end = find_folder(folder, sizeof folder);
    if (end == 0)
        return false;
    folder[end] = '\0';
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return false;
    folder[end] = '/';
    return mkdir(folder, 0700) == 0 || errno == EEXIST;
}

/* ---- Files of several processes ------------------------------------------------------------- */

int iso_cache_lock(void)
{
    char path[ISO_PATH];
    if (!iso_cache_create() || !iso_cache_path("lock", path, sizeof path))
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

void iso_cache_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

bool iso_cache_write(const char *name, const void *data, size_t n)
{
    char folder[ISO_PATH], path[ISO_PATH];
    if (find_folder(folder, sizeof folder) == 0 || !iso_cache_path(name, path, sizeof path))
        return false;
    const bool good = iso_folder_clean(folder) == ISO_OK && iso_file_write(path, data, n) == ISO_OK;
    iso_error_clear();
    return good;
}

bool iso_cache_put(const char *name, const void *data, size_t n)
{
    const int lock = iso_cache_lock();
    const bool good = lock >= 0 && iso_cache_write(name, data, n);
    iso_cache_unlock(lock);
    return good;
}
