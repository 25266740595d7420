/* safetensors.h: named tensors in one file, in the safetensors format: a little-endian 64-bit
 * header length, a JSON header (padded with spaces to 8 bytes), then the data, in the order of the
 * names. Files that isocl writes have their own SHA-256 in the metadata, isocl.sha256: that of the
 * file's pieces (sha256_pieces.h), in which the 64 digits themselves count as zeros. */
#ifndef ISO_SAFETENSORS_H
#define ISO_SAFETENSORS_H
#include "core/iso.h"

enum iso_st_type {
    ISO_ST_F32,
    ISO_ST_F64,
    ISO_ST_I32,
    ISO_ST_I64,
    ISO_ST_U8,
    ISO_ST_F16,
    ISO_ST_BF16
};
struct iso_st_tensor {
    const char *name;
    enum iso_st_type type;
    int ndim;
    int64_t dim[8];
    const void *data; /* borrowed; may be NULL for iso_st_begin */
};
/* Returns the bytes of the tensor's data, or -1 if they do not fit in 64 bits. */
int64_t iso_st_bytes(const struct iso_st_tensor *);

/* Returns the bytes of a number of a type; and element i of a tensor with data: whole numbers
 * beyond 2^53 are rounded. */
int64_t iso_st_size(enum iso_st_type);
double iso_st_at(const struct iso_st_tensor *, int64_t i);

/* Writes the whole file: to a temporary file beside it, which is synced and renamed. On failure the
 * temporary file is removed; path keeps an old file, or has the whole new one if only the folder
 * could not be synced. metadata: pairs key, value, key, value, NULL; may be NULL. */
iso_rc iso_st_write(const char *path, const struct iso_st_tensor *tensors, int n,
                    const char *const *metadata);

/* Does the same piece by piece: begin takes all names and shapes, put each tensor's data in any
 * order, end renames. On error call iso_st_abort, which removes the temporary file. */
struct iso_st_writer;
iso_rc iso_st_begin(const char *path, const struct iso_st_tensor *tensors, int n,
                    const char *const *metadata, struct iso_st_writer **out);
iso_rc iso_st_put(struct iso_st_writer *, int tensor, const void *data);
iso_rc iso_st_end(struct iso_st_writer *); /* frees the writer, also on failure */
void iso_st_abort(struct iso_st_writer *); /* NULL is fine */

/* A whole file, read and checked (offsets inside, no overlap, sizes equal to shape x type, bytes
 * those of its own SHA-256, if it has one). Free with iso_st_close. */
struct iso_st_file {
    int n;
    struct iso_st_tensor *tensors;
    char **metadata; /* key, value, key, value, NULL; without isocl.sha256 */
    char sha256[65]; /* isocl.sha256; "": the file has none, so nobody knows if it was changed */
    void *owned;
};
iso_rc iso_st_open(const char *path, struct iso_st_file **out);
void iso_st_close(struct iso_st_file *);
/* Returns the tensor of this name, or NULL. */
const struct iso_st_tensor *iso_st_find(const struct iso_st_file *, const char *name);
/* Returns the metadata text of this key, or NULL. */
const char *iso_st_metadata(const struct iso_st_file *, const char *key);
#endif
