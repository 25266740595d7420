/* safetensors_types.h (private): declarations shared by the reader and the writer of safetensors
 * files. */
#ifndef ISO_SAFETENSORS_TYPES_H
#define ISO_SAFETENSORS_TYPES_H
#include "safetensors.h"

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors files are little-endian and are read and written as they lie in memory"
#endif

enum { ISO_ST_TYPES = 5, ISO_ST_DIMS = 8, ISO_ST_PREFIX = 8, ISO_ST_MAX_HEADER = 100000000 };
struct iso_st_type_info {
    const char *name;
    int64_t size;
};
extern const struct iso_st_type_info iso_st_types[ISO_ST_TYPES]; /* indexed by enum iso_st_type */

/* Computes the bytes of a tensor. Returns false if a size is negative or the product overflows. */
bool iso_st_measure(const struct iso_st_tensor *, int64_t *bytes);
#endif
