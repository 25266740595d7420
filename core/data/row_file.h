/* row_file.h: a file of rows that can be read in any order and from any thread. */
#ifndef ISO_ROW_FILE_H
#define ISO_ROW_FILE_H
#include "core/system/file.h"

struct iso_row_file {
    int fd;              /* -1: not open */
    char path[ISO_PATH]; /* for messages */
    int64_t begin;       /* offset of the first row */
    size_t row;          /* bytes per row */
};
/* Opens a file for reading; the caller sets begin and row. */
iso_rc iso_row_file_open(const char *path, struct iso_row_file *out);
/* Reads bytes of a row from `skip` on. Fails if the file has become shorter. */
iso_rc iso_row_file_read(const struct iso_row_file *, int64_t row, size_t skip, void *out,
                         size_t bytes);
/* Makes an unnamed file, which disappears when it is closed, with room for `rows` rows, in the
 * folder or, if that is NULL, in TMPDIR or /tmp. Fails if there is not enough room. */
iso_rc iso_row_file_make(const char *folder, size_t row, int64_t rows, struct iso_row_file *out);
iso_rc iso_row_file_write(const struct iso_row_file *, int64_t first, int64_t rows,
                          const void *data);
void iso_row_file_close(struct iso_row_file *);
#endif
