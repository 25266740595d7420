/* cache.h (private): the user's folder for what isocl found out and need not find out again.
 * Whatever is missing there is found out anew. */
#ifndef ISO_CACHE_H
#define ISO_CACHE_H
#include <stdbool.h>
#include <stddef.h>

/* Writes "<cache folder>/isocl/<name>" into path; false if the user has no such folder, or path has
 * no room. */
bool iso_cache_path(const char *name, char *path, size_t n);
/* Creates the folder of these paths; false if that is not possible. */
bool iso_cache_create(void);

/* Files that several processes write, and that a crash, a kill or a full disk leaves as they were.
 * Failing to keep one is no failure of what it is kept for. */
/* Returns a lock of the cache, which the system takes from a process that ends; -1 if there is no
 * cache, or another process does not let go of it for seconds. */
int iso_cache_lock(void);
void iso_cache_unlock(int lock); /* -1 is fine */
/* Writes the whole file, under the lock that the caller has. */
bool iso_cache_write(const char *name, const void *data, size_t n);
/* The same, and takes the lock itself. */
bool iso_cache_put(const char *name, const void *data, size_t n);
#endif
