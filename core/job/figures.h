/* figures.h: what the sources of models have reached, beside what runs of ours have. */
#ifndef ISO_FIGURES_H
#define ISO_FIGURES_H
#include "core/model/model.h"

enum { ISO_FIGURES = 2048 };
struct iso_figure { /* a line of the comparison */
    char model[64], phase[32];
    const char *name;               /* validation_accuracy, parameters, ...; static */
    double source, ours;            /* NaN: not known */
    int64_t epochs, planned;        /* trained and asked for, of the phase */
    double source_seconds, seconds; /* an epoch; NaN: not known */
    char run[256];                  /* its folder */
};
struct iso_figures { /* those beyond ISO_FIGURES are left out */
    struct iso_figure figure[ISO_FIGURES];
    int n;
};
/* Adds the figures of one phase of a run, from its history.csv: those that the source has, and the
 * validation accuracy. planned: epochs that the phase is to have. */
iso_rc iso_figures_add_phase(struct iso_figures *, const struct iso_model *, int phase,
                             const char *run, int64_t planned);
/* Adds a figure of the model, phase and run of the last one; nothing where source is NaN. */
void iso_figures_add(struct iso_figures *, const char *name, double source, double ours);
#endif
