/* name_lines.h: files of a run with a name in each line, in which a backslash is \\ and the end of
 * a line \n. */
#ifndef ISO_NAME_LINES_H
#define ISO_NAME_LINES_H
#include "core/system/file.h"
#include "core/text/names.h"

/* The file of a run with the columns of the table that it was trained on, in their order. */
#define ISO_COLUMNS_FILE "columns.txt"

/* Writes folder/file. */
iso_rc iso_name_lines_save(const char *folder, const char *file, const struct iso_names *);
/* Adds the names of folder/file to *out, which the caller frees, also on failure; none if there is
 * no such file. Writes the path, for messages. */
iso_rc iso_name_lines_load(const char *folder, const char *file, char path[ISO_PATH],
                           struct iso_names *out);
#endif
