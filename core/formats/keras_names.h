/* keras_names.h (private): the names of layers and weights, which Keras keeps in attributes of its
 * HDF5 files. For keras_file.c and keras_write.c. */
#ifndef ISO_KERAS_NAMES_H
#define ISO_KERAS_NAMES_H
#include "core/iso.h"

#include <hdf5.h>

/* Limits above those of any real model: numbers of layers and names; length of a name. */
enum { ISO_KERAS_NAMES = 1 << 16, ISO_KERAS_NAME = 512 };
struct iso_keras_names {
    char (*list)[ISO_KERAS_NAME];
    int n;
}; /* free list */

/* Appends the first `bytes` bytes of text, truncated to the length of a name; the list must have
 * room. */
void iso_keras_take_name(struct iso_keras_names *, const char *text, size_t bytes);
/* Adds the names of one attribute, an array of strings. Returns false if it is damaged. */
bool iso_keras_add_names(hid_t object, const char *attribute, struct iso_keras_names *);
/* Reads the names of an attribute, or of the attributes into which Keras splits one that is too
 * long for HDF5: layer_names0, layer_names1, ... */
bool iso_keras_read_names(hid_t object, const char *attribute, struct iso_keras_names *out);
/* Writes names in the same form. */
bool iso_keras_put_names(hid_t object, const char *attribute, const struct iso_keras_names *);
#endif
