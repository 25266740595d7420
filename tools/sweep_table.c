#include "sweep_table.h"

#include "tools/report/table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 4096, CELL = 24 };
static const char *const columns[ISO_SWEEP_NUMBERS] = { "loss", "accuracy", "validation_loss",
                                                        "validation_accuracy",
                                                        "validation_accuracy" };
static const char *const heads[ISO_SWEEP_NUMBERS] = { "LOSS", "ACCURACY", "VAL_LOSS", "VAL_ACC",
                                                      "BEST" };

/* ---- Combinations -------------------------------------------------------------------------- */

/* Bytes of the first value: up to a comma that stands in no brackets and no quotes. */
static size_t value_length(const char *values)
{
    int depth = 0;
    char quote = '\0';
    size_t n = 0;
    for (; values[n] && (values[n] != ',' || depth > 0 || quote != '\0'); n++) {
        if (quote != '\0')
            quote = values[n] == quote ? '\0' : quote;
        else if (values[n] == '\'' || values[n] == '"')
            quote = values[n];
        else if (strchr("[{", values[n]) != NULL)
            depth++;
        else if (strchr("]}", values[n]) != NULL)
            depth--;
    }
    return n;
}

/* The k-th value of "KEY=A,B,..." and its length; NULL where there are fewer. */
static const char *value_at(const char *over, int k, size_t *n)
{
    const char *value = strchr(over, '=') + 1;
    for (*n = value_length(value); k > 0; k--) {
        if (value[*n] == '\0')
            return NULL;
        value += *n + 1;
        *n = value_length(value);
    }
    return value;
}

static iso_rc count_values(const char *over, int *values)
{
    size_t n;
    const char *equals = strchr(over, '=');
    if (equals == NULL || equals == over)
        return iso_fail(ISO_EUSAGE, "--over %.60s: expected KEY=A,B,...", over);
    for (*values = 0; value_at(over, *values, &n) != NULL; ++*values)
        if (n == 0)
            return iso_fail(ISO_EUSAGE, "--over %.60s: value %d is empty", over, *values + 1);
    return ISO_OK;
}

static char *print_text(const char *fmt, ...) ISO_PRINTF(1, 2);
static char *print_text(const char *fmt, ...)
{
    char *text = NULL;
    size_t n = 0;
    va_list arguments;
    FILE *out = open_memstream(&text, &n);
    if (out == NULL) {
        (void)iso_text_end(out, &text);
        return NULL;
    }
    va_start(arguments, fmt);
    vfprintf(out, fmt, arguments);
    va_end(arguments);
    (void)iso_text_end(out, &text);
    return text;
}

/* The combination of this number; the last key changes fastest. */
static iso_rc make_row(const struct iso_text_list *over, const int *values, int number,
                       struct iso_sweep_row *row)
{
    for (int i = over->n - 1; i >= 0; i--) {
        size_t n;
        const char *value = value_at(over->text[i], number % values[i], &n);
        number /= values[i];
        row->set[i] = print_text("%.*s%.*s", (int)(strchr(over->text[i], '=') - over->text[i] + 1),
                                 over->text[i], (int)n, value);
        if (row->set[i] == NULL)
            return ISO_ENOMEM;
    }
    row->text = print_text("%s", "");
    for (int i = 0; i < over->n && row->text != NULL; i++) {
        char *longer = print_text("%s%s%s", row->text, i ? " " : "", row->set[i]);
        free(row->text);
        row->text = longer;
    }
    return row->text != NULL ? ISO_OK : ISO_ENOMEM;
}

iso_rc iso_sweep_plan(const struct iso_text_list *over, struct iso_sweep *sweep)
{
    int values[ISO_TEXTS], n = 1;
    for (int i = 0; i < over->n; i++) {
        ISO_TRY(count_values(over->text[i], &values[i]));
        n *= values[i];
        if (n > MOST_ROWS)
            return iso_fail(ISO_EUSAGE, "more than %d combinations", MOST_ROWS);
    }
    sweep->rows = iso_alloc((size_t)n, sizeof *sweep->rows);
    if (sweep->rows == NULL)
        return ISO_ENOMEM;
    sweep->n = n;
    for (int i = 0; i < n; i++)
        ISO_TRY(make_row(over, values, i, &sweep->rows[i]));
    return ISO_OK;
}

/* ---- Results ------------------------------------------------------------------------------- */

iso_rc iso_sweep_add(struct iso_sweep_row *row, const char *folder, long long seed)
{
    struct iso_table history;
    int64_t at;
    struct iso_sweep_run *runs = iso_alloc((size_t)row->n + 1, sizeof *runs);
    if (runs == NULL)
        return ISO_ENOMEM;
    if (row->n > 0)
        memcpy(runs, row->runs, (size_t)row->n * sizeof *runs);
    free(row->runs);
    row->runs = runs;
    ISO_TRY(iso_table_read(folder, "history.csv", &history));
    struct iso_sweep_run *run = &runs[row->n++];
    snprintf(run->folder, sizeof run->folder, "%s", folder);
    run->seed = seed;
    for (int i = 0; i < ISO_SWEEP_NUMBERS; i++) {
        const int column = iso_table_find(&history, columns[i]);
        run->number[i] = i + 1 < ISO_SWEEP_NUMBERS ? iso_table_last(&history, column, &at)
                                                   : iso_table_best(&history, column, false, &at);
    }
    iso_table_free(&history);
    return ISO_OK;
}

/* "0.9812 ±0.0021"; the deviation is that of a sample, of n - 1. */
static const char *mean_text(const struct iso_sweep_row *row, int number, char buf[CELL])
{
    double sum = 0, squares = 0;
    for (int i = 0; i < row->n; i++)
        sum += row->runs[i].number[number];
    const double mean = sum / row->n;
    for (int i = 0; i < row->n; i++)
        squares += pow(row->runs[i].number[number] - mean, 2);
    if (row->n == 0 || isnan(mean))
        snprintf(buf, CELL, "-");
    else if (row->n == 1)
        snprintf(buf, CELL, "%.4f", mean);
    else
        snprintf(buf, CELL, "%.4f +-%.4f", mean, sqrt(squares / (row->n - 1)));
    return buf;
}

static const char *value_of(const char *set) { return strchr(set, '=') + 1; }

/* As wide as the longest of the key's last word and its values. */
static int width_of(const struct iso_sweep *s, int key, const char *name)
{
    size_t width = strlen(name);
    for (int i = 0; i < s->n; i++)
        if (strlen(value_of(s->rows[i].set[key])) > width)
            width = strlen(value_of(s->rows[i].set[key]));
    return (int)width;
}

void iso_sweep_print(const struct iso_sweep *s, const struct iso_text_list *over)
{
    char cell[CELL], names[ISO_TEXTS][64];
    for (int k = 0; k < over->n; k++) {
        snprintf(names[k], sizeof names[k], "%.*s", (int)strcspn(over->text[k], "="),
                 over->text[k]);
        printf("%-*s  ", width_of(s, k, names[k]), names[k]);
    }
    printf("RUNS");
    for (int i = 0; i < ISO_SWEEP_NUMBERS; i++)
        printf("  %16s", heads[i]);
    printf("\n");
    for (int r = 0; r < s->n; r++) {
        for (int k = 0; k < over->n; k++)
            printf("%-*s  ", width_of(s, k, names[k]), value_of(s->rows[r].set[k]));
        printf("%4d", s->rows[r].n);
        for (int i = 0; i < ISO_SWEEP_NUMBERS; i++)
            printf("  %16s", mean_text(&s->rows[r], i, cell));
        printf("\n");
    }
}

iso_rc iso_sweep_csv(const struct iso_sweep *s, const char *path)
{
    struct iso_file file;
    ISO_TRY(iso_file_begin(path, &file));
    fprintf(file.stream,
            "run,settings,seed,loss,accuracy,validation_loss,validation_accuracy,"
            "best_validation_accuracy\n");
    for (int r = 0; r < s->n; r++)
        for (int i = 0; i < s->rows[r].n; i++) {
            const struct iso_sweep_run *run = &s->rows[r].runs[i];
            fprintf(file.stream, "%s,\"%s\",", run->folder, s->rows[r].text);
            if (run->seed >= 0)
                fprintf(file.stream, "%lld", run->seed);
            for (int k = 0; k < ISO_SWEEP_NUMBERS; k++)
                fprintf(file.stream, isnan(run->number[k]) ? "," : ",%.9g", run->number[k]);
            fprintf(file.stream, "\n");
        }
    return iso_file_end(&file);
}

void iso_sweep_free(struct iso_sweep *s)
{
    for (int r = 0; s->rows != NULL && r < s->n; r++) {
        for (int k = 0; k < ISO_TEXTS; k++)
            free(s->rows[r].set[k]);
        free(s->rows[r].text);
        free(s->rows[r].runs);
    }
    free(s->rows);
}
