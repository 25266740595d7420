/* row_file.h: a file of rows, of which any can be read from any thread. */
#ifndef ISO_ROW_FILE_H
#define ISO_ROW_FILE_H
#include "core/file.h"

struct iso_row_file {
    int fd;              /* -1: not open */
    char path[ISO_PATH]; /* for messages */
    int64_t begin;       /* where the rows begin */
    size_t row;          /* bytes of one */
};
/* Opens a file to read it; begin and row are the caller's to set. */
iso_rc iso_row_file_open(const char *path, struct iso_row_file *out);
/* Bytes from `skip` on of a row; fails when the file has become shorter. */
iso_rc iso_row_file_read(const struct iso_row_file *, int64_t row, size_t skip, void *out,
                         size_t bytes);
/* Makes a file without a name, which is gone when it is closed, with room for so many rows, or
 * fails: in the folder, or where that is NULL in TMPDIR, or /tmp. */
iso_rc iso_row_file_make(const char *folder, size_t row, int64_t rows, struct iso_row_file *out);
iso_rc iso_row_file_write(const struct iso_row_file *, int64_t first, int64_t rows,
                          const void *data);
void iso_row_file_close(struct iso_row_file *);
#endif
