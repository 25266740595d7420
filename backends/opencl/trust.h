/* trust.h: what a child has found out about the drivers of this machine, kept in the user's
 * cache: a success for good, a failure for ten minutes, so that a driver that hangs does not make
 * every command wait. */
#ifndef ISO_OPENCL_TRUST_H
#define ISO_OPENCL_TRUST_H
#include "core/system/sha256.h"

#include <stdbool.h>
#include <stddef.h>

/* Adds the environment variables by which drivers and the programs and libraries that they use are
 * found. */
void opencl_hash_environment(struct iso_sha256 *);
enum opencl_trust { OPENCL_UNKNOWN, OPENCL_WORKS, OPENCL_FAILS };
/* Reads the verdict of a file in the cache; its text is the failure. */
enum opencl_trust opencl_trust_read(const char *name, char *text, size_t n);
void opencl_trust_write(const char *name, enum opencl_trust, const char *text);
/* Has what failed be asked again in this process: for `isocl doctor`. */
void opencl_trust_again(void);
#endif
