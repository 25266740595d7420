/* row_sums.h: a CRC-32 of each row of a data set that is not in memory, taken when the row is first
 * read; four bytes per row. Needs no reads of its own. */
#ifndef ISO_ROW_SUMS_H
#define ISO_ROW_SUMS_H
#include "core/iso.h"

struct iso_row_sums;
iso_rc iso_row_sums_new(int64_t rows, struct iso_row_sums **out);
void iso_row_sums_free(struct iso_row_sums *); /* NULL is fine */
int64_t iso_row_sums_rows(const struct iso_row_sums *);
/* Returns true if the row equals its first read, or if this is the first read, whose sum it keeps.
 * This and all functions below may be called from any thread. */
bool iso_row_sums_same(struct iso_row_sums *, int64_t row, const void *bytes, size_t n);
/* Returns the number of rows that have been read. */
int64_t iso_row_sums_known(const struct iso_row_sums *);
/* Write to and read from a file's bytes, 4 per row, little-endian; 0: not read yet. */
enum { ISO_ROW_SUM = 4 };
void iso_row_sums_write(const struct iso_row_sums *, uint8_t *out);
void iso_row_sums_read(struct iso_row_sums *, const uint8_t *from);
#endif
