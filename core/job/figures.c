#include "figures.h"

#include "core/system/file.h"
#include "core/train/history_csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The figures that history.csv holds: the expectation and its column. */
static const struct {
    const char *name, *column;
    size_t offset;
} kinds[] = {
    { "validation_accuracy", "validation_accuracy",
      offsetof(struct iso_expect, validation_accuracy) },
    { "validation_loss", "validation_loss", offsetof(struct iso_expect, validation_loss) },
    { "training_accuracy", "accuracy", offsetof(struct iso_expect, training_accuracy) },
    { "training_loss", "loss", offsetof(struct iso_expect, training_loss) },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- history.csv --------------------------------------------------------------------------- */

static bool of_phase(const char *row, int column, const char *phase)
{
    const char *text = column < 0 ? "" : iso_csv_cell(row, column);
    return column < 0 ||
           (strncmp(text, phase, strlen(phase)) == 0 && strcspn(text, ",\n") == strlen(phase));
}

/* Returns the mean of a column over the last `last` rows of a phase (0: all), or NaN if a number is
 * missing. *rows: number of rows of the phase. */
static double mean_of(const char *csv, const char *phase, const char *name, int64_t last,
                      int64_t *rows)
{
    const int column = iso_csv_column(csv, name), where = iso_csv_column(csv, "phase");
    double sum = 0;
    int64_t n = 0;
    for (const char *row = iso_csv_next(csv); row != NULL; row = iso_csv_next(row))
        n += of_phase(row, where, phase);
    *rows = n;
    const int64_t from = last > 0 && last < n ? n - last : 0;
    n = 0;
    for (const char *row = iso_csv_next(csv); row != NULL; row = iso_csv_next(row))
        if (of_phase(row, where, phase) && n++ >= from)
            sum += iso_csv_number(row, column);
    return *rows > 0 ? sum / (double)(*rows - from) : (double)NAN;
}

iso_rc iso_figures_add_phase(struct iso_figures *t, const struct iso_model *model, int phase,
                             const char *run, int64_t planned)
{
    const struct iso_training *training = &model->phases[phase];
    const struct iso_expect *expect = &training->expect;
    char path[ISO_PATH], *csv = NULL;
    size_t size = 0;
    ISO_TRY(iso_path(path, run, "history.csv"));
    ISO_TRY(iso_file_read(path, &csv, &size));
    for (int i = 0; i < KINDS && t->n < ISO_FIGURES; i++) {
        const double source =
            *(const double *)(const void *)((const char *)expect + kinds[i].offset);
        struct iso_figure f = { .name = kinds[i].name,
                                .source = source,
                                .planned = planned,
                                .source_seconds = expect->seconds_per_epoch };
        if (i > 0 && isnan(source))
            continue;
        f.ours = mean_of(csv, training->name, kinds[i].column, expect->last_epochs, &f.epochs);
        f.seconds = mean_of(csv, training->name, "seconds", 0, &f.epochs);
        snprintf(f.model, sizeof f.model, "%s", model->name);
        snprintf(f.phase, sizeof f.phase, "%s", training->name);
        snprintf(f.run, sizeof f.run, "%.*s", (int)sizeof f.run - 1, run);
        t->figure[t->n++] = f;
    }
    free(csv);
    return ISO_OK;
}

void iso_figures_add(struct iso_figures *t, const char *name, double source, double ours)
{
    if (isnan(source) || t->n == ISO_FIGURES)
        return;
    struct iso_figure f = t->figure[t->n - 1];
    f.name = name;
    f.source = source;
    f.ours = ours;
    t->figure[t->n++] = f;
}
