/* file.h: whole files, read at once, and written so that a reader sees the old or the new one. */
#ifndef ISO_FILE_H
#define ISO_FILE_H
#include "iso.h"

#include <stdio.h>

enum { ISO_PATH = 1024 };
/* Writes "folder/name" into path; ISO_EIO when it is too long. */
iso_rc iso_path(char path[ISO_PATH], const char *folder, const char *name);
/* Fails with ISO_EIO, and says so. */
iso_rc iso_path_too_long(const char *path);
/* What follows its last slash. */
const char *iso_path_base(const char *path);
/* Fails with ISO_EIO when something is there that is no file, which a new file would replace: a
 * folder, or a device such as /dev/null. */
iso_rc iso_file_may_replace(const char *path);
/* A whole file: a struct iso_file with one piece. */
iso_rc iso_file_write(const char *path, const void *data, size_t n);

/* A file that is written piece by piece: as a temporary one beside it, "PATH.tmp-" and the number
 * of the process, which takes its place in the end. */
enum { ISO_TEMPORARY = 32 }; /* bytes that its name needs more than the path */
struct iso_file {
    char path[ISO_PATH], temporary[ISO_PATH + ISO_TEMPORARY];
    FILE *stream; /* may be written to; what fails shows at the next call */
};
/* After a success, and after that only, one of iso_file_end and iso_file_abort must follow. */
iso_rc iso_file_begin(const char *path, struct iso_file *out);
iso_rc iso_file_put(struct iso_file *, const void *data, size_t n);
/* Synced, then renamed, and the folder synced, so that no power cut undoes it. On failure what was
 * at the path is still there. */
iso_rc iso_file_end(struct iso_file *);
/* Removes the temporary file. */
void iso_file_abort(struct iso_file *);
/* Removes the temporary files that writers which were killed have left in a folder. Nobody may be
 * writing there. */
iso_rc iso_folder_clean(const char *folder);
/* The file's bytes, ended by a 0 that *n leaves out; free with free(). */
iso_rc iso_file_read(const char *path, char **data, size_t *n);
/* Makes the folder and those above it; one that is there is fine. */
iso_rc iso_folder_make(const char *path);
bool iso_folder_exists(const char *path);
/* True if it holds nothing; a folder that is not there holds nothing. */
bool iso_folder_empty(const char *path);
/* Fails with ISO_EIO and errno's text: "cannot write a/state: No space left on device; ...". */
iso_rc iso_file_fail(const char *what, const char *path);
#endif
