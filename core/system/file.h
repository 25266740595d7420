/* file.h: whole files: read at once, and replaced so that a reader sees either the old or the new
 * one. */
#ifndef ISO_FILE_H
#define ISO_FILE_H
#include "core/iso.h"

#include <stdio.h>

enum { ISO_PATH = 1024 };
/* Writes "folder/name" into path, or "folder" if the name is "". Fails with ISO_EIO if that is too
 * long. */
iso_rc iso_path(char path[ISO_PATH], const char *folder, const char *name);
/* Returns ISO_EIO, with the message that the path is too long. */
iso_rc iso_path_too_long(const char *path);
/* Returns true if a path, or any text, ends in these bytes. */
bool iso_ends_in(const char *text, const char *end);
/* Returns the part of path after its last slash. */
const char *iso_path_base(const char *path);
/* Writes the folder that a path is in, "." for a name alone; ISO_EIO when it is too long. */
iso_rc iso_path_folder(char folder[ISO_PATH], const char *path);
/* Fails with ISO_EIO if path exists and is not a regular file, which a new file must not replace: a
 * folder, or a device such as /dev/null. */
iso_rc iso_file_may_replace(const char *path);
/* Writes a whole file at once. On failure an old file at the path is still there. */
iso_rc iso_file_write(const char *path, const void *data, size_t n);

/* A file that is written piece by piece, to a temporary file beside it, "PATH.tmp-" and the
 * process's number, which is renamed to PATH at the end. */
enum { ISO_TEMPORARY = 32 }; /* longest suffix of a temporary file's name, in bytes */
struct iso_file {
    char path[ISO_PATH], temporary[ISO_PATH + ISO_TEMPORARY];
    FILE *stream; /* may be written to directly; an error is reported by the next call */
};
/* Begins a file. After success, and only then, iso_file_end or iso_file_abort must follow. */
iso_rc iso_file_begin(const char *path, struct iso_file *out);
iso_rc iso_file_put(struct iso_file *, const void *data, size_t n);
/* Syncs the file, renames it and syncs the folder, so that no power cut undoes it. On failure an
 * old file at the path is still there. */
iso_rc iso_file_end(struct iso_file *);
/* Removes the temporary file. */
void iso_file_abort(struct iso_file *);
/* Removes the temporary files that killed writers have left in a folder. No other process may be
 * writing there. */
iso_rc iso_folder_clean(const char *folder);
/* Opens a file for reading, as a descriptor or a stream. Fails with ISO_EIO unless it is a regular
 * file: a pipe may have nobody at its other end, and a device may have no end at all. Nobody waits
 * for one. */
iso_rc iso_file_descriptor(const char *path, int *out);
iso_rc iso_file_open(const char *path, FILE **out);
/* Reads the whole file into *data, to be freed with free(). A 0 byte, not counted in *n, follows
 * the content. */
iso_rc iso_file_read(const char *path, char **data, size_t *n);
/* Creates the folder and those above it. An existing folder is not an error. */
iso_rc iso_folder_make(const char *path);
bool iso_folder_exists(const char *path);
/* Returns true if the folder is empty or does not exist. */
bool iso_folder_empty(const char *path);
/* Ends a text in memory, which open_memstream has begun, for free(). Fails with ISO_ENOMEM, and
 * sets *text to NULL, if a part of it was lost, or if stream is NULL, as none could be begun. */
iso_rc iso_text_end(FILE *stream, char **text);
/* Returns ISO_EIO, or ISO_ENOMEM if that is what errno says, with errno's text in the message:
 * "cannot write a/state: No space left on device; ...". */
iso_rc iso_file_fail(const char *what, const char *path);
#endif
