/* names.h: the names in a folder, in the same order everywhere. */
#ifndef ISO_NAMES_H
#define ISO_NAMES_H
#include "core/iso.h"

struct iso_names {
    char **name;
    int64_t n, room;
};
/* Adds the names of what is in the folder and wanted, in the order of their bytes; hidden ones are
 * passed over. *out is the caller's to free, also on failure. */
iso_rc iso_names_list(const char *folder, bool (*wanted)(const char *folder, const char *name),
                      struct iso_names *out);
/* Adds the names of all that is in the folder, also hidden ones. */
iso_rc iso_names_all(const char *folder, struct iso_names *out);
/* Puts them into the order of their bytes. */
void iso_names_sort(struct iso_names *);
/* Adds one more, at the end. */
iso_rc iso_names_add(struct iso_names *, const char *name);
/* Keeps the first n. */
void iso_names_cut(struct iso_names *, int64_t n);
void iso_names_free(struct iso_names *);
/* Returns the index of a name among names in the order of their bytes, or -1. */
int64_t iso_names_find(const struct iso_names *, const char *name);
#endif
