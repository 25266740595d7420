/* cache.h (private): files in the user's cache folder that save isocl repeated work. Each can be
 * made again if it is missing. */
#ifndef ISO_CACHE_H
#define ISO_CACHE_H
#include <stdbool.h>
#include <stddef.h>

/* Writes "<cache folder>/isocl/<name>" into path. Returns false if the user has no such folder or
 * path is too short. */
bool iso_cache_path(const char *name, char *path, size_t n);
/* Creates the folder that iso_cache_path names. Returns false if that is not possible. */
bool iso_cache_create(void);

/* Several processes may write these files. A crash, a kill or a full disk leaves the old file in
 * place. A caller that cannot write one goes on without it. */
/* Takes the lock of the cache and returns its descriptor, or -1 if there is no cache or another
 * process holds the lock for several seconds. The system releases the lock if the process ends. */
int iso_cache_lock(void);
void iso_cache_unlock(int lock); /* -1 is fine */
/* Replaces the whole file; the caller holds the lock. */
bool iso_cache_write(const char *name, const void *data, size_t n);
/* Like iso_cache_write, but takes the lock itself. */
bool iso_cache_put(const char *name, const void *data, size_t n);
#endif
