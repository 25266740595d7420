/* figures.h: compares the published figures of models with those of runs. */
#ifndef ISO_FIGURES_H
#define ISO_FIGURES_H
#include "core/model/model.h"

enum { ISO_FIGURES = 2048 };
struct iso_figure { /* one line of the comparison */
    char model[64], phase[32];
    const char *name;               /* validation_accuracy, parameters, ...; static */
    double source, ours;            /* NaN: not known */
    int64_t epochs, planned;        /* epochs of the phase, trained and planned */
    double source_seconds, seconds; /* per epoch; NaN: not known */
    char run[256];                  /* the run's folder */
};
struct iso_figures { /* figures beyond ISO_FIGURES are dropped */
    struct iso_figure figure[ISO_FIGURES];
    int n;
};
/* Adds the figures of one phase of a run, from its history.csv: those that the source gives, and
 * the validation accuracy. planned: number of epochs of the phase. */
iso_rc iso_figures_add_phase(struct iso_figures *, const struct iso_model *, int phase,
                             const char *run, int64_t planned);
/* Adds a figure for the model, phase and run of the last one; does nothing if source is NaN. */
void iso_figures_add(struct iso_figures *, const char *name, double source, double ours);
#endif
