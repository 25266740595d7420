/* safetensors_types.h (private): declarations shared by the reader and the writer of safetensors
 * files. */
#ifndef ISO_SAFETENSORS_TYPES_H
#define ISO_SAFETENSORS_TYPES_H
#include "safetensors.h"

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors files are little-endian and are read and written as they lie in memory"
#endif

enum { ISO_ST_TYPES = 7, ISO_ST_DIMS = 8, ISO_ST_PREFIX = 8, ISO_ST_MAX_HEADER = 100000000 };
struct iso_st_type_info {
    const char *name;
    int64_t size;
};
extern const struct iso_st_type_info iso_st_types[ISO_ST_TYPES]; /* indexed by enum iso_st_type */

/* Computes the bytes of a tensor. Returns false if a size is negative or the product overflows. */
bool iso_st_measure(const struct iso_st_tensor *, int64_t *bytes);

extern const char iso_st_sha256_key[];   /* in the metadata */
extern const char iso_st_sha256_blank[]; /* counts in place of the digits */
/* Returns where the digits begin in the text of a header, or -1. */
int64_t iso_st_sha256_find(const char *header, size_t length);
/* Computes the hash of an open file, path, with `bytes` bytes, of which the digits begin at `at`.
 */
iso_rc iso_st_sha256(int fd, const char *path, int64_t bytes, int64_t at, char hex[65]);
/* Reads bytes at an offset. Fails with ISO_EIO, also at the file's end. */
iso_rc iso_st_read(int fd, const char *path, int64_t offset, void *out, int64_t bytes);
#endif
