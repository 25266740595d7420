/* published.h: weights that others have published for networks of models/ (published.def), and
 * where they are kept: in the folder weights of the first data folder (core/data/folders.h). */
#ifndef ISO_PUBLISHED_H
#define ISO_PUBLISHED_H
#include "core/system/file.h"

struct iso_published {
    const char *name;
    const char *model;   /* the model file, for iso_shipped */
    const char *by;      /* "name" or "order": how the file's layers are paired with the model's */
    const char *address; /* the published file's */
    const char *sum;     /* the publisher's: "sha256:" and the first digits, or "md5:" and all */
    int megabytes;
    const char *whose;
};
extern const struct iso_published iso_published[]; /* ends with name NULL */

/* Returns the weights of this name, or NULL. */
const struct iso_published *iso_published_find(const char *name);
/* Writes the names, parted by commas, truncated to n bytes, into buf, and returns buf. */
const char *iso_published_names(char *buf, size_t n);
/* Write the path of the folder, which may not be there; that of the published file in it; and that
 * of the weights as isocl has them. data: a data folder, or NULL for the first of the user's. Fail
 * with ISO_EIO if there is none, or the path is too long. */
iso_rc iso_published_folder(const char *data, char path[ISO_PATH]);
iso_rc iso_published_file(const struct iso_published *, const char *data, char path[ISO_PATH]);
iso_rc iso_published_weights(const struct iso_published *, const char *data, char path[ISO_PATH]);
/* Holds a published file to the SHA-256 that is recorded beside it, in FILE.sha256 as sha256sum
 * writes it; the first time it records it. *first says which. Fails with ISO_EDATA where the file
 * is another than at its first download. */
iso_rc iso_published_check(const char *path, bool *first, char hex[65]);
/* Finds the model file and the weights of a name, for --from. Fails with ISO_EIO, with what to do,
 * where they have not been fetched. */
iso_rc iso_published_open(const struct iso_published *, const char *data, char model[ISO_PATH],
                          char weights[ISO_PATH]);
#endif
