/* history_csv.h: reading the history.csv of a run (core/train/history.h). */
#ifndef ISO_HISTORY_CSV_H
#define ISO_HISTORY_CSV_H
#include <stdbool.h>

/* The index of a column by its name, or -1. csv begins with the header. */
int iso_csv_column(const char *csv, const char *name);
/* Where the cell of a row begins; it ends at a comma or a line's end. "" when there is none. */
const char *iso_csv_cell(const char *row, int column);
/* The row behind this one, the header being the first; NULL when there is none. */
const char *iso_csv_next(const char *row);
/* The number in a cell; NaN when it is empty, or column is -1. */
double iso_csv_number(const char *row, int column);
#endif
