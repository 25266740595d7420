/* numbers_csv.h: all numbers of runs as one CSV file, a number a line, as pandas, R and
 * spreadsheets like it: run,step,epoch,split,metric,value. */
#ifndef ISO_REPORT_NUMBERS_CSV_H
#define ISO_REPORT_NUMBERS_CSV_H
#include "run_folder.h"

/* Lines of an epoch have no step; `split` is train, validation, or batch for a step's own. */
iso_rc iso_numbers_csv(const struct iso_told *, int n, const char *path);
#endif
