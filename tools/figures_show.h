/* source_figures.h: what a model's source reached beside what a run of ours did. */
#ifndef ISO_SOURCE_FIGURES_H
#define ISO_SOURCE_FIGURES_H
#include "core/model/model.h"

#include <stdio.h>

struct iso_figure { /* a line of the comparison */
    char model[64], phase[32];
    const char *name;               /* validation_accuracy, parameters, ... */
    double source, ours;            /* NaN: not known */
    int64_t epochs, planned;        /* trained and asked for, of the phase */
    double source_seconds, seconds; /* an epoch; NaN: not known */
    char run[256];                  /* its folder */
};
/* The figures of one phase of a run, from its history.csv: those that the source has, and the
 * validation accuracy. Writes at most max of them and their number into *n. */
iso_rc iso_figures_of_phase(const struct iso_model *, int phase, const char *run, int64_t planned,
                            struct iso_figure *out, int max, int *n);
void iso_figures_aligned(FILE *, const struct iso_figure *, int n);
iso_rc iso_figures_csv(const char *path, const struct iso_figure *, int n);
#endif
