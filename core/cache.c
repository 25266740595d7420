/* cache.c: $XDG_CACHE_HOME/isocl, or ~/.cache/isocl. */
#include "cache.h"

#include "environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
