/* history_csv.h: reads the history.csv of a run (core/train/history.h). */
#ifndef ISO_HISTORY_CSV_H
#define ISO_HISTORY_CSV_H
#include <stdbool.h>

/* Returns the index of a column by its name, or -1. csv begins with the header. */
int iso_csv_column(const char *csv, const char *name);
/* Returns the beginning of a cell in a row; the cell ends at a comma or at the line's end. Returns
 * "" if there is none. */
const char *iso_csv_cell(const char *row, int column);
/* Returns the row after this one, beginning with the header; NULL after the last. */
const char *iso_csv_next(const char *row);
/* Returns the number in a cell; NaN if it is empty or column is -1. */
double iso_csv_number(const char *row, int column);
#endif
