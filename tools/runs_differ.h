/* runs_differ.h: how runs that are named beside each other differ. */
#ifndef ISO_RUNS_DIFFER_H
#define ISO_RUNS_DIFFER_H
#include "tools/report/run_folder.h"

/* Prints lines of their model files, data, versions and devices that differ, and where the numbers
 * of the second run first part from those of the first. */
void iso_runs_differ(const struct iso_told *a, const struct iso_told *b);
#endif
