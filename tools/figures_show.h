/* figures_show.h: prints the table of figures, and writes it to a file. */
#ifndef ISO_FIGURES_SHOW_H
#define ISO_FIGURES_SHOW_H
#include "core/job/figures.h"

#include <stdio.h>

void iso_figures_aligned(FILE *, const struct iso_figures *);
iso_rc iso_figures_csv(const char *path, const struct iso_figures *);
#endif
