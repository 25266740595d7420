/* row_sums.h: what the rows of a data set that is not in memory were when they were first read: a
 * CRC-32 of each row's bytes, four bytes a row. It costs no reading of its own. */
#ifndef ISO_ROW_SUMS_H
#define ISO_ROW_SUMS_H
#include "core/iso.h"

struct iso_row_sums;
iso_rc iso_row_sums_new(int64_t rows, struct iso_row_sums **out);
void iso_row_sums_free(struct iso_row_sums *); /* NULL is fine */
int64_t iso_row_sums_rows(const struct iso_row_sums *);
/* True if the row is what it was when it was read before; one that was not is known from now on.
 * From any thread, as is all below. */
bool iso_row_sums_same(struct iso_row_sums *, int64_t row, const void *bytes, size_t n);
/* Rows that have been read. */
int64_t iso_row_sums_known(const struct iso_row_sums *);
/* To and from a file, as 4 bytes a row, the lowest first; 0: not read yet. */
enum { ISO_ROW_SUM = 4 };
void iso_row_sums_write(const struct iso_row_sums *, uint8_t *out);
void iso_row_sums_read(struct iso_row_sums *, const uint8_t *from);
#endif
