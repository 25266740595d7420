/* keras_text.h (private): texts in Keras's files. */
#ifndef ISO_KERAS_TEXT_H
#define ISO_KERAS_TEXT_H
#include "core/iso.h"

#include <hdf5.h>

/* Returns the text of an attribute, to be freed with free(), or NULL if there is none that can be
 * read. */
char *iso_keras_read_text(hid_t object, const char *attribute);
/* Takes the version from the text of metadata.json, truncated to n bytes; "" if it says none. */
void iso_keras_version(const char *metadata, char *version, size_t n);
#endif
