/* runs_table.h: the table of `isocl runs`, and the page's of several runs: one list of columns. */
#ifndef ISO_REPORT_RUNS_TABLE_H
#define ISO_REPORT_RUNS_TABLE_H
#include "run_folder.h"

enum { ISO_RUN_CELL = 192 };
struct iso_run_column {
    const char *name; /* "val_acc", as --sort takes it */
    bool right;       /* numbers line up at the right */
    /* Fills in the text; "-" where the run does not say. */
    void (*text)(const struct iso_told *, char text[ISO_RUN_CELL]);
    /* Returns what to sort by; NULL: the text. NaN comes last. */
    double (*number)(const struct iso_told *);
};
extern const struct iso_run_column iso_run_columns[]; /* ends with name NULL */
/* Fails with ISO_EUSAGE, and the names that there are, where there is no such column. */
iso_rc iso_runs_sort(struct iso_told *, int n, const char *column_name, bool reverse);
/* Prints the table, and below it what the devices are and which runs were verified. */
void iso_runs_print(const struct iso_told *, int n);
/* The first run, of those before run i, whose weights have the same bits; -1: none. */
int iso_runs_same_bits(const struct iso_told *, int i);
/* The last number of a column of history.csv; NaN: none. */
double iso_runs_last(const struct iso_told *, const char *column);
#endif
