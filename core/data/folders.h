/* folders.h: the folders that are searched for the files of a data set. */
#ifndef ISO_FOLDERS_H
#define ISO_FOLDERS_H
#include "core/system/file.h"

enum { ISO_DATA_FOLDERS = 6, ISO_DATA_PATH = 4096 };
struct iso_data_folders {
    int n;
    char path[ISO_DATA_FOLDERS][ISO_DATA_PATH]; /* without duplicates */
};
/* The places in which a model file's data are searched. A run keeps it, with absolute paths. */
struct iso_data_origin {
    char model[ISO_PATH];            /* the folder of the model file; "": not known */
    struct iso_data_folders folders; /* the folders used when a run was trained; empty otherwise */
};
struct iso_dataset_request;

/* The folders for data sets with names: the one that the request names, alone; or where it names
 * none, in this order: those of the request's origin, ISOCL_DATA, and the user's data folder. */
void iso_data_folders(const struct iso_dataset_request *, struct iso_data_folders *out);
/* The same for files: the folder of the model file comes first. */
void iso_data_file_folders(const struct iso_dataset_request *, struct iso_data_folders *out);
/* Finds what is at a path: an absolute one, one that begins with "~/", or one relative to one of
 * the folders, in their order. */
bool iso_data_find(const struct iso_data_folders *, const char *name, char path[ISO_PATH]);
/* Writes "a, b, c", truncated to n bytes, into buf, for messages, and returns buf. */
const char *iso_data_folders_text(const struct iso_data_folders *, char *buf, size_t n);
/* Makes the paths whole, which then mean the same in every working directory, and leaves out those
 * of folders that are not there. */
void iso_data_folders_settle(struct iso_data_folders *);

/* Says all of this to users, for `isocl help paths`: paragraphs, each ended by a newline. */
extern const char iso_data_folders_help[];
#endif
