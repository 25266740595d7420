#include "source_figures.h"

#include "core/file.h"
#include "history_csv.h"

#include <errno.h>
#include <math.h>
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

/* The mean of a column over the last `last` rows of a phase (0: all of them), NaN when a number is
 * missing; *rows: how many the phase has. */
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

iso_rc iso_figures_of_phase(const struct iso_model *model, int phase, const char *run,
                            int64_t planned, struct iso_figure *out, int max, int *n)
{
    const struct iso_training *training = &model->phases[phase];
    const struct iso_expect *expect = &training->expect;
    char path[ISO_PATH], *csv = NULL;
    size_t size = 0;
    *n = 0;
    ISO_TRY(iso_path(path, run, "history.csv"));
    ISO_TRY(iso_file_read(path, &csv, &size));
    for (int i = 0; i < KINDS && *n < max; i++) {
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
        out[(*n)++] = f;
    }
    free(csv);
    return ISO_OK;
}

/* ---- Showing ------------------------------------------------------------------------------- */

static const char *number_text(double value, const char *format, char buf[32])
{
    if (isnan(value))
        snprintf(buf, 32, "-");
    else
        snprintf(buf, 32, format, value);
    return buf;
}

/* Counts whole, shares and losses with four digits behind the point. */
static const char *format_of(const struct iso_figure *f)
{
    return strcmp(f->name, "parameters") == 0 ? "%.0f" : "%.4f";
}

void iso_figures_aligned(FILE *out, const struct iso_figure *f, int n)
{
    int model = 5, phase = 0;
    for (int i = 0; i < n; i++) {
        const int m = (int)strlen(f[i].model), p = (int)strlen(f[i].phase);
        model = m > model ? m : model;
        phase = p > phase ? p : phase;
    }
    phase = phase > 0 && phase < 5 ? 5 : phase;
    fprintf(out, "%-*s  %-*s%s%-20s %10s %10s %9s  %9s %10s %8s\n", model, "MODEL", phase,
            phase ? "PHASE" : "", phase ? "  " : "", "FIGURE", "SOURCE", "OURS", "DIFF", "EPOCHS",
            "S/E SOURCE", "S/E OURS");
    for (int i = 0; i < n; i++) {
        char source[32], ours[32], differ[32], theirs[32], seconds[32], epochs[48];
        snprintf(epochs, sizeof epochs, "%lld/%lld", (long long)f[i].epochs,
                 (long long)f[i].planned);
        fprintf(out, "%-*s  %-*s%s%-20s %10s %10s %9s  %9s %10s %8s\n", model, f[i].model, phase,
                f[i].phase, phase ? "  " : "", f[i].name,
                number_text(f[i].source, format_of(&f[i]), source),
                number_text(f[i].ours, format_of(&f[i]), ours),
                number_text(f[i].ours - f[i].source,
                            strcmp(f[i].name, "parameters") == 0 ? "%+.0f" : "%+.4f", differ),
                epochs, number_text(f[i].source_seconds, "%.1f", theirs),
                number_text(f[i].seconds, "%.1f", seconds));
    }
}

static void put(FILE *out, double value)
{
    if (isnan(value))
        fputc(',', out);
    else
        fprintf(out, ",%.9g", value);
}

iso_rc iso_figures_csv(const char *path, const struct iso_figure *f, int n)
{
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return iso_file_fail("write", path);
    fprintf(out,
            "model,phase,figure,source,ours,epochs,planned_epochs,source_seconds_per_epoch,"
            "seconds_per_epoch,run\n");
    for (int i = 0; i < n; i++) {
        fprintf(out, "%s,%s,%s", f[i].model, f[i].phase, f[i].name);
        put(out, f[i].source);
        put(out, f[i].ours);
        fprintf(out, ",%lld,%lld", (long long)f[i].epochs, (long long)f[i].planned);
        put(out, f[i].source_seconds);
        put(out, f[i].seconds);
        fprintf(out, ",\"%s\"\n", f[i].run);
    }
    errno = 0;
    const bool bad = fflush(out) != 0 || ferror(out);
    const iso_rc rc = bad ? iso_file_fail("write", path) : ISO_OK;
    fclose(out);
    return rc;
}
