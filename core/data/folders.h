/* folders.h: the folders in which the files of a data set are looked for. */
#ifndef ISO_FOLDERS_H
#define ISO_FOLDERS_H
#include "core/file.h"

enum { ISO_DATA_FOLDERS = 4, ISO_DATA_PATH = 4096 };
struct iso_data_folders {
    int n;
    char path[ISO_DATA_FOLDERS][ISO_DATA_PATH];
};
/* The folder that was named alone, or where that is NULL, in this order: ISOCL_DATA; the user's
 * data folder. */
void iso_data_folders(const char *folder, struct iso_data_folders *out);
/* Finds what is at a path relative to one of the folders, in their order, or at an absolute one. */
bool iso_data_find(const struct iso_data_folders *, const char *name, char path[ISO_PATH]);
/* "a, b, c", cut off after n - 1 bytes, for messages. Returns buf. */
const char *iso_data_folders_text(const struct iso_data_folders *, char *buf, size_t n);
#endif
