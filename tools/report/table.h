/* table.h: the numbers of a CSV file, column by column. */
#ifndef ISO_REPORT_TABLE_H
#define ISO_REPORT_TABLE_H
#include "core/iso.h"

struct iso_table {
    char *text; /* text of the file; owned; NULL: no file */
    int columns;
    int64_t rows;
    char (*name)[ISO_NAME]; /* [columns] */
    double *values;         /* [columns][rows]; NaN for cells without a number */
};
/* Reads folder/name. A missing file gives no rows and columns; fails with ISO_EIO or ISO_EDATA if a
 * file cannot be read. Free with iso_table_free, also after a failure. */
iso_rc iso_table_read(const char *folder, const char *name, struct iso_table *);
void iso_table_free(struct iso_table *);
/* Returns the index of a column, or -1. */
int iso_table_find(const struct iso_table *, const char *name);
/* Returns a column's numbers, [rows]; NULL for column -1. */
const double *iso_table_column(const struct iso_table *, int column);
/* Return the last number of a column, and the best, with the index of its row; NaN and -1 if there
 * is none. */
double iso_table_last(const struct iso_table *, int column, int64_t *row);
double iso_table_best(const struct iso_table *, int column, bool smaller, int64_t *row);
#endif
