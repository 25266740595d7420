/* zip.h: members of zip files, stored or deflated, as NumPy, Keras and PyTorch write them. */
#ifndef ISO_ZIP_H
#define ISO_ZIP_H
#include "core/text/names.h"

/* Reads the member `name`. Its memory, to be freed with free(), grows with the data actually
 * present, whatever sizes the directory claims; a 0 byte follows it. Checks the checksum. kind:
 * ".npz archive", for messages. Fails with *found false if there is no such member. */
iso_rc iso_zip_read(const char *path, const char *kind, const char *name, uint8_t **out,
                    size_t *size, bool *found);
/* Adds the names that end in `ending`, without it; those of 64 bytes and more are passed over. */
iso_rc iso_zip_names(const char *path, const char *kind, const char *ending, struct iso_names *out);

/* A member to write. */
struct iso_zip_member {
    const char *name;
    const void *data;
    size_t size;
};
/* Writes a file of n members, stored (core/system/file.h: a temporary one, which is renamed). Fails
 * with ISO_EDATA from 4 GiB on, for which this form of the format has no room. */
iso_rc iso_zip_write(const char *path, const struct iso_zip_member *, int n);
#endif
