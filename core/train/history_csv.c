#include "history_csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int iso_csv_column(const char *csv, const char *name)
{
    const size_t n = strlen(name);
    int column = 0;
    for (const char *at = csv;; column++) {
        const size_t length = strcspn(at, ",\n");
        if (length == n && strncmp(at, name, n) == 0)
            return column;
        if (at[length] != ',')
            return -1;
        at += length + 1;
    }
}

const char *iso_csv_cell(const char *row, int column)
{
    for (; column > 0; column--) {
        row += strcspn(row, ",\n");
        if (*row != ',')
            return "";
        row++;
    }
    return row;
}

const char *iso_csv_next(const char *row)
{
    const char *end = strchr(row, '\n');
    return end != NULL && end[1] ? end + 1 : NULL;
}

double iso_csv_number(const char *row, int column)
{
    char *end;
    const char *text = column < 0 ? "" : iso_csv_cell(row, column);
    const double number = strtod(text, &end);
    /* In an empty cell strtod looks for a number on the next line. */
    return end == text || end > text + strcspn(text, ",\n") ? (double)NAN : number;
}
