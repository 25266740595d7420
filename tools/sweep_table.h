/* sweep_table.h: the combinations of a sweep, what their runs reached, and the table of them. */
#ifndef ISO_SWEEP_TABLE_H
#define ISO_SWEEP_TABLE_H
#include "core/system/file.h"
#include "core/text/text_list.h"

enum { ISO_SWEEP_NUMBERS = 5 }; /* loss, accuracy, the same of validation, and its best accuracy */
struct iso_sweep_run {
    char folder[ISO_PATH];
    long long seed;                   /* -1: the model file's */
    double number[ISO_SWEEP_NUMBERS]; /* numbers of the last epoch; NaN: not there */
};
struct iso_sweep_row {           /* one combination; owns its texts and runs */
    char *set[ISO_TEXTS], *text; /* "KEY=VALUE" for each key, and all of them */
    struct iso_sweep_run *runs;
    int n;
};
struct iso_sweep {
    struct iso_sweep_row *rows;
    int n;
};
/* Makes a row of every combination of the values; over: "KEY=A,B,...", each. Fails with ISO_EUSAGE
 * for one that is none. */
iso_rc iso_sweep_plan(const struct iso_text_list *over, struct iso_sweep *);
/* Adds what the run in this folder reached. */
iso_rc iso_sweep_add(struct iso_sweep_row *, const char *folder, long long seed);
/* Prints a line for each combination: values, runs, and means with deviations. */
void iso_sweep_print(const struct iso_sweep *, const struct iso_text_list *over);
/* Writes a line for each run. */
iso_rc iso_sweep_csv(const struct iso_sweep *, const char *path);
void iso_sweep_free(struct iso_sweep *);
#endif
