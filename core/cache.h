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
#endif
