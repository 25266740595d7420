#include "numbers_csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A name with a comma, a quote or a new line stands in quotes. */
static void put_name(FILE *out, const char *name)
{
    const bool quoted = strpbrk(name, ",\"\n\r") != NULL;
    if (quoted)
        fputc('"', out);
    for (const char *c = name; *c; c++) {
        if (*c == '"')
            fputc('"', out);
        fputc(*c, out);
    }
    if (quoted)
        fputc('"', out);
}

static bool is_count(const char *name)
{
    return strcmp(name, "epoch") == 0 || strcmp(name, "phase") == 0 || strcmp(name, "step") == 0;
}

static void put_number(FILE *out, const struct iso_told *t, const char *at, const char *split,
                       const char *metric, double value)
{
    if (!*metric || is_count(metric) || !isfinite(value))
        return;
    put_name(out, t->name);
    fprintf(out, ",%s,%s,", at, split);
    put_name(out, metric);
    fprintf(out, ",%.9g\n", value);
}

static void put_epochs(FILE *out, const struct iso_told *t)
{
    static const char prefix[] = "validation_";
    const size_t n = sizeof prefix - 1;
    const struct iso_table *e = &t->epochs;
    for (int64_t r = 0; r < e->rows; r++)
        for (int c = 0; c < e->columns; c++) {
            const bool validation = strncmp(e->name[c], prefix, n) == 0;
            char at[32];
            snprintf(at, sizeof at, ",%.0f", iso_table_column(e, 0)[r]);
            put_number(out, t, at, validation ? "validation" : "train",
                       validation ? e->name[c] + n : e->name[c], iso_table_column(e, c)[r]);
        }
}

static void put_batches(FILE *out, const struct iso_told *t)
{
    const struct iso_table *b = &t->batches;
    const double *epoch = iso_table_column(b, iso_table_find(b, "epoch"));
    for (int64_t r = 0; r < b->rows; r++)
        for (int c = 0; c < b->columns; c++) {
            char at[64];
            snprintf(at, sizeof at, "%.0f,%.0f", iso_table_column(b, 0)[r],
                     epoch != NULL ? epoch[r] : 0);
            put_number(out, t, at, "batch", b->name[c], iso_table_column(b, c)[r]);
        }
}

iso_rc iso_numbers_csv(const struct iso_told *t, int n, const char *path)
{
    struct iso_file file;
    ISO_TRY(iso_file_may_replace(path));
    ISO_TRY(iso_file_begin(path, &file));
    fputs("run,step,epoch,split,metric,value\n", file.stream);
    for (int i = 0; i < n; i++) {
        put_epochs(file.stream, &t[i]);
        put_batches(file.stream, &t[i]);
    }
    return iso_file_end(&file);
}
