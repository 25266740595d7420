/* figures_show.c: the table of figures, for a reader and as a file. */
#include "figures_show.h"

#include "core/system/file.h"

#include <errno.h>
#include <math.h>
#include <string.h>

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

void iso_figures_aligned(FILE *out, const struct iso_figures *t)
{
    const struct iso_figure *f = t->figure;
    const int n = t->n;
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

iso_rc iso_figures_csv(const char *path, const struct iso_figures *t)
{
    const struct iso_figure *f = t->figure;
    const int n = t->n;
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
