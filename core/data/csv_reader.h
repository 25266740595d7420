/* csv_reader.h (private): the fields of a text file, one after another. */
#ifndef ISO_CSV_READER_H
#define ISO_CSV_READER_H
#include "core/iso.h"

enum { ISO_CSV_FIELD = 256 }; /* bytes of a field, with its NUL */
struct iso_csv_reader {
    const char *path, *text, *end; /* the file's name and bytes, borrowed */
    const char *first;             /* its first line that is no comment and not empty */
    const char *at;
    int64_t line, column;      /* the field's; line from 1, column from 0 */
    char separator;            /* comma, semicolon, tab, or blank: any number of blanks */
    bool last;                 /* the field ends its line */
    char field[ISO_CSV_FIELD]; /* without quotes, and without blanks around it */
};
/* Looks at the first line, and finds the separator. A line that begins with # is a comment, unless
 * it is the first one and has as many fields as the line after it: then it has the names, as
 * numpy.savetxt writes them. */
void iso_csv_reader_open(struct iso_csv_reader *, const char *path, const char *text, size_t n);
/* Goes back to the beginning of the first line. */
void iso_csv_reader_rewind(struct iso_csv_reader *);
/* Reads the next field, of the same line or the next one that is not empty. Returns false at the
 * end, and where there is a fault, which *rc then is. */
bool iso_csv_reader_next(struct iso_csv_reader *, iso_rc *rc);
/* Fails with ISO_EDATA where the field's line has more fields than `columns`, or ends with fewer.
 */
iso_rc iso_csv_reader_check(const struct iso_csv_reader *, int64_t columns);
/* Counts the lines that are not empty, from the first one on. */
int64_t iso_csv_reader_lines(const struct iso_csv_reader *);
/* Fails with ISO_EDATA, and says where the field is and what is wrong with it. */
iso_rc iso_csv_reader_fail(const struct iso_csv_reader *, const char *what);
#endif
