/* array_store.h (private): arrays with names: the members of a .npz archive, the .npy files of a
 * folder, the entries of a pickled dictionary, or the one array of a .npy file. */
#ifndef ISO_ARRAY_STORE_H
#define ISO_ARRAY_STORE_H
#include "core/text/names.h"
#include "core/formats/npy.h"
#include "split.h"
#include "core/system/file.h"

enum iso_array_kind { ISO_ARRAY_IMAGES, ISO_ARRAY_LABELS, ISO_ARRAY_IDS, ISO_ARRAY_TARGETS };
struct iso_array_store { /* owns all but the path */
    const char *path;
    bool folder, archive, single; /* or else a pickle; single: its one array has no name */
    struct iso_names names;
    struct iso_npy file; /* a .npy file's own array */
    struct iso_pickle *pickle;
};
/* Close it also on failure. */
iso_rc iso_array_store_open(const char *path, struct iso_array_store *out);
void iso_array_store_close(struct iso_array_store *);
/* Finds the splits by the names that arrays of images have; a .npy file is one split, and is not
 * read. */
iso_rc iso_array_store_splits(const char *path, struct iso_splits *out);
/* Returns the name of an array: the one that is given, where it is not "", or the first usual one
 * for this kind and split ("": none); NULL: there is none. Targets have no usual name, but the
 * given one alone or with that of the split. */
const char *iso_array_store_find(const struct iso_array_store *, enum iso_array_kind,
                                 const char *given, const char *split);
/* Fails with ISO_EDATA, and says what there is instead. key: of the model file, that would name it.
 */
iso_rc iso_array_store_lacks(const struct iso_array_store *, enum iso_array_kind, const char *given,
                             const char *split, const char *key);
/* Reads an array that was found, row-major; free out->memory. */
iso_rc iso_array_store_read(struct iso_array_store *, const char *name, struct iso_npy *out);
/* Writes what an array is called in messages. */
void iso_array_store_what(const struct iso_array_store *, const char *name, char *buf, size_t n);
#endif
