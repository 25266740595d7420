/* kept.h: files of the user's cache, which several processes may write at once, and which a crash,
 * a full disk or a kill leaves as they were: each is written whole, under a lock, as a file of
 * another name, and then renamed. Failing to keep a file is no failure of what it is kept for. */
#ifndef ISO_OPENCL_KEPT_H
#define ISO_OPENCL_KEPT_H
#include <stdbool.h>
#include <stddef.h>

/* Returns a lock of the cache, which the system takes from a process that ends; -1 where there is
 * no cache, or another process does not let go of it for seconds. */
int opencl_kept_lock(void);
void opencl_kept_unlock(int lock); /* -1 is fine */
/* Writes the file of this name, under the lock. */
bool opencl_kept_write(const char *name, const void *data, size_t n);
#endif
