/* names.h: lists the names in a folder, in the same order on every machine. */
#ifndef ISO_NAMES_H
#define ISO_NAMES_H
#include "core/iso.h"

struct iso_names {
    char **name;
    int64_t n, room;
};
/* Adds the names in the folder for which wanted returns true, or all if it is NULL, in the order of
 * their bytes; skips hidden ones. The caller frees *out, also on failure. */
iso_rc iso_names_list(const char *folder, bool (*wanted)(const char *folder, const char *name),
                      struct iso_names *out);
/* Adds all names in the folder, including hidden ones. */
iso_rc iso_names_all(const char *folder, struct iso_names *out);
/* Sorts the names by their bytes. */
void iso_names_sort(struct iso_names *);
/* Adds one name at the end. */
iso_rc iso_names_add(struct iso_names *, const char *name);
/* Keeps those with these numbers, which ascend. */
void iso_names_keep(struct iso_names *, const int32_t *numbers, int64_t n);
/* Keeps the first n names. */
void iso_names_cut(struct iso_names *, int64_t n);
void iso_names_free(struct iso_names *);
/* Returns the index of a name among names in the order of their bytes, or -1. */
int64_t iso_names_find(const struct iso_names *, const char *name);
#endif
