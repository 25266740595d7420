/* page_compare.c: the report on several runs: their curves over each other, and what differs. */
#include "page.h"

#include "curves.h"
#include "lines.h"
#include "made.h"
#include "parting.h"
#include "runs_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CELL = 320 };

/* ---- The runs ------------------------------------------------------------------------------ */

static void put_run(struct iso_page *p, const struct iso_told *t, int i)
{
    const int same = iso_runs_same_bits(t, i);
    char text[512];
    fputs("<tr>", p->out);
    iso_page_element(p, "th scope=\"row\"", "%s", t[i].name);
    iso_page_element(p, same < 0 ? "td" : "td class=\"good\"", "%s%s",
                     same < 0 ? "-" : "same bits as ", same < 0 ? "" : t[same].name);
    for (const struct iso_run_column *c = iso_run_columns + 1; c->name != NULL; c++) {
        c->text(&t[i], text);
        iso_page_element(p, c->right ? "td class=\"n\"" : "td", "%s", text);
    }
    iso_page_element(p, "td", "%s", *t[i].device.name ? t[i].device.name : "-");
    iso_page_element(p, "td", "%s", iso_made_driver(&t[i], text, sizeof text));
    fputs("</tr>\n", p->out);
}

/* Says where a run's numbers first part from those of the first run. */
static void put_parting(struct iso_page *p, const struct iso_told *first, const struct iso_told *t)
{
    const struct {
        const char *what, *a, *b;
    } files[] = { { "step", first->batches.text, t->batches.text },
                  { "epoch", first->epochs.text, t->epochs.text } };
    struct iso_row_parting parting = { .rows = 0 };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (files[i].a == NULL || files[i].b == NULL)
            continue;
        iso_parting_of_rows(files[i].a, files[i].b, &parting);
        if (parting.number == 0)
            continue;
        iso_page_element(p, "li", "%s parts from %s in %s %" PRId64 ": %s is %s instead of %s.",
                         t->name, first->name, files[i].what, parting.number, parting.column,
                         parting.b, parting.a);
        return;
    }
    iso_page_element(p, "li", "%s has the numbers of %s as far as both go: %" PRId64 " epochs.",
                     t->name, first->name, parting.rows);
}

static void put_runs(struct iso_page *p, const struct iso_told *t, int n)
{
    iso_page_chapter(p, "runs", "Runs");
    fputs("<div class=\"scroll\" tabindex=\"0\"><table class=\"wide sortable\">\n<thead><tr>",
          p->out);
    fputs("<th scope=\"col\">run</th><th scope=\"col\">bits</th>", p->out);
    for (const struct iso_run_column *c = iso_run_columns + 1; c->name != NULL; c++)
        iso_page_element(p, c->right ? "th scope=\"col\" class=\"n\"" : "th scope=\"col\"", "%s",
                         c->name);
    fputs(
        "<th scope=\"col\">device's name</th>"
        "<th scope=\"col\">driver</th></tr></thead>\n<tbody>\n",
        p->out);
    for (int i = 0; i < n; i++)
        put_run(p, t, i);
    fputs("</tbody></table></div>\n<ul>\n", p->out);
    for (int i = 1; i < n; i++)
        put_parting(p, &t[0], &t[i]);
    fputs("</ul>\n</section>\n", p->out);
}

/* ---- The table ----------------------------------------------------------------------------- */

/* Writes the text of a run's cell; "" if the run has none. */
typedef void tell_cell(const struct iso_told *, const char *what, char text[CELL]);

static void tell_text(const struct iso_told *t, const char *what, char text[CELL])
{
    if (strcmp(what, "Model") == 0)
        snprintf(text, CELL, "%s", t->model);
    else if (strcmp(what, "Device") == 0)
        snprintf(text, CELL, "%s", t->device.id);
    else if (strcmp(what, "Driver") == 0)
        iso_made_driver(t, text, CELL);
    else if (strcmp(what, "Weights") == 0)
        snprintf(text, CELL, "%s", t->hash);
    else if (strcmp(what, "Verified") == 0)
        iso_made_verified(t, text, CELL);
    else if (strcmp(what, "Mode") == 0)
        snprintf(text, CELL, "%s", t->device.mode);
    else if (strcmp(what, "isocl") == 0)
        snprintf(text, CELL, "%s", t->device.version);
    else
        iso_told_status(t, text, CELL);
}

static void tell_line(const struct iso_told *t, const char *what, char text[CELL])
{
    iso_told_line(t, strcmp(what, "Training data") == 0 ? "train" : "validation", text, CELL);
}

static void tell_setting(const struct iso_told *t, const char *what, char text[CELL])
{
    const struct {
        const char *name;
        int64_t value;
    } settings[] = {
        { "Seed", (int64_t)t->settings.seed },
        { "Batch", t->settings.batch },
        { "Training rows", t->settings.rows },
        { "Validation rows", t->settings.validation_rows },
    };
    text[0] = '\0';
    for (size_t i = 0; t->has_state && i < sizeof settings / sizeof settings[0]; i++)
        if (strcmp(settings[i].name, what) == 0)
            snprintf(text, CELL, "%" PRId64, settings[i].value);
}

static void tell_seconds(const struct iso_told *t, const char *what, char text[CELL])
{
    (void)what;
    snprintf(text, CELL, "%.1f", iso_told_seconds(t));
}

static void tell_last(const struct iso_told *t, const char *what, char text[CELL])
{
    char number[ISO_NUMBER];
    int64_t row;
    const double value = iso_table_last(&t->epochs, iso_table_find(&t->epochs, what), &row);
    snprintf(text, CELL, "%s", row < 0 ? "" : iso_short_number(value, number));
}

static void tell_best(const struct iso_told *t, const char *what, char text[CELL])
{
    char number[ISO_NUMBER];
    int64_t row;
    const double value = iso_table_best(&t->epochs, iso_table_find(&t->epochs, what),
                                        iso_metric_is_error(what), &row);
    text[0] = '\0';
    if (row >= 0)
        snprintf(text, CELL, "%s, epoch %" PRId64, iso_short_number(value, number), row + 1);
}

/* Writes a row; marks cells that differ from the first run's. Writes nothing if all cells are
 * empty. */
static void put_row(struct iso_page *p, const struct iso_told *t, int n, const char *heading,
                    tell_cell *tell, const char *what)
{
    char first[CELL], text[CELL];
    bool any = false;
    for (int i = 0; i < n && !any; i++) {
        tell(&t[i], what, text);
        any = *text != '\0';
    }
    if (!any)
        return;
    fputs("<tr>", p->out);
    iso_page_element(p, "th scope=\"row\"", "%s", heading);
    tell(&t[0], what, first);
    for (int i = 0; i < n; i++) {
        tell(&t[i], what, text);
        iso_page_element(p, strcmp(first, text) ? "td class=\"differs\"" : "td", "%s",
                         *text ? text : "-");
    }
    fputs("</tr>\n", p->out);
}

/* Writes a long row, only if the runs differ in it. */
static void put_row_if_different(struct iso_page *p, const struct iso_told *t, int n,
                                 const char *what, tell_cell *tell)
{
    char first[CELL], text[CELL];
    bool differs = false;
    tell(&t[0], what, first);
    for (int i = 1; i < n && !differs; i++) {
        tell(&t[i], what, text);
        differs = strcmp(first, text) != 0;
    }
    if (differs)
        put_row(p, t, n, what, tell, what);
}

static void put_group(struct iso_page *p, int n, const char *heading)
{
    fprintf(p->out, "<tr class=\"all\"><th scope=\"rowgroup\" colspan=\"%d\">%s</th></tr>\n", n + 1,
            heading);
}

/* Every number that any of the runs has in its history, once. */
static void put_results(struct iso_page *p, const struct iso_told *t, int n)
{
    for (int i = 0; i < n; i++)
        for (int c = 0; c < t[i].epochs.columns; c++) {
            const char *name = t[i].epochs.name[c];
            char best[ISO_NAME + 8];
            bool before = strcmp(name, "epoch") == 0 || strcmp(name, "phase") == 0 ||
                          strcmp(name, "seconds") == 0;
            for (int k = 0; k < i && !before; k++)
                before = iso_table_find(&t[k].epochs, name) >= 0;
            if (before)
                continue;
            put_row(p, t, n, name, tell_last, name);
            snprintf(best, sizeof best, "best %s", name);
            if (strncmp(name, "validation_", 11) == 0)
                put_row(p, t, n, best, tell_best, name);
        }
}

static void put_table(struct iso_page *p, const struct iso_told *t, int n)
{
    static const char *const texts[] = { "Model", "State",   "Device",   "Driver", "Mode",
                                         "isocl", "Weights", "Verified", NULL };
    static const char *const settings[] = { "Seed", "Batch", "Training rows", "Validation rows",
                                            NULL };
    iso_page_chapter(p, "differences", "Differences");
    fputs("<div class=\"scroll\" tabindex=\"0\"><table class=\"compare\">\n<thead><tr><th></th>",
          p->out);
    for (int i = 0; i < n; i++)
        iso_page_element(p, "th scope=\"col\"", "%s", t[i].name);
    fputs("</tr></thead>\n<tbody>\n", p->out);
    put_group(p, n, "Configuration");
    for (int i = 0; texts[i] != NULL; i++)
        put_row(p, t, n, texts[i], tell_text, texts[i]);
    for (int i = 0; settings[i] != NULL; i++)
        put_row(p, t, n, settings[i], tell_setting, settings[i]);
    put_row_if_different(p, t, n, "Training data", tell_line);
    put_row_if_different(p, t, n, "Validation data", tell_line);
    put_group(p, n, "Results of the last epoch");
    put_results(p, t, n);
    put_row(p, t, n, "Seconds", tell_seconds, "");
    fputs("</tbody></table></div>\n", p->out);
    iso_page_element(p, "p class=\"small\"", "What differs from the first run is in bold.");
    fputs("</section>\n", p->out);
}

/* ---- Model files --------------------------------------------------------------------------- */

/* Lists the lines of a run's model file that some other run's lacks, except comments. Returns their
 * number. */
static int put_lines(struct iso_page *p, const struct iso_told *t, int n, int own, bool write)
{
    int lines = 0;
    for (const char *line = t[own].yaml; line != NULL && *line;) {
        const size_t length = strcspn(line, "\n"), from = strspn(line, " ");
        bool everywhere = length <= from || line[from] == '#';
        for (int i = 0; i < n && !everywhere; i++)
            if (!iso_has_line(t[i].yaml, line, length))
                break;
            else
                everywhere = i == n - 1;
        lines += !everywhere;
        if (!everywhere && write) {
            char *copy = strndup(line, length);
            iso_put_escaped(p->out, copy != NULL ? copy : "");
            fputc('\n', p->out);
            free(copy);
        }
        line += length + (line[length] == '\n');
    }
    return lines;
}

static void put_models(struct iso_page *p, const struct iso_told *t, int n)
{
    int all = 0;
    iso_page_chapter(p, "models", "Model files");
    for (int i = 0; i < n; i++) {
        const int lines = put_lines(p, t, n, i, false);
        all += lines;
        if (t[i].yaml == NULL)
            iso_page_note(p, "%s has no model.yaml.", t[i].name);
        if (lines == 0)
            continue;
        iso_page_element(p, "h3", "In %s, but not in all", t[i].name);
        fputs("<pre>", p->out);
        put_lines(p, t, n, i, true);
        fputs("</pre>\n", p->out);
    }
    if (all == 0)
        iso_page_element(p, "p", "The model files say the same.");
    iso_page_close(p, "section");
}

/* ---- Curves -------------------------------------------------------------------------------- */

static bool any_has(const struct iso_told *t, int n, const char *metric, bool validation)
{
    int64_t row = -1;
    for (int i = 0; i < n && row < 0; i++)
        iso_table_last(&t[i].epochs, iso_told_column(&t[i], metric, validation), &row);
    return row >= 0;
}

static bool shown_before(const struct iso_told *t, int run, const char *metric)
{
    for (int i = 0; i < run; i++)
        if (iso_table_find(&t[i].epochs, metric) >= 0)
            return true;
    return false;
}

/* Puts a picture of each metric that any run has, in validation or in training. */
static iso_rc put_overlays(struct iso_page *p, const struct iso_told *t, int n, bool validation)
{
    for (int i = 0; i < n; i++) {
        struct iso_metric_columns m[ISO_METRICS_SHOWN];
        const int count = iso_told_metrics(&t[i], m, ISO_METRICS_SHOWN);
        for (int k = 0; k < count; k++) {
            struct iso_svg s = { .out = NULL };
            if (m[k].classes || shown_before(t, i, m[k].name) ||
                !any_has(t, n, m[k].name, validation))
                continue;
            ISO_TRY(
                iso_page_picture(p, iso_draw_overlay(t, n, m[k].name, validation, &s), &s, NULL));
        }
    }
    return ISO_OK;
}

static iso_rc put_curves(struct iso_page *p, const struct iso_told *t, int n)
{
    struct iso_svg s = { .out = NULL };
    iso_page_chapter(p, "curves", "Curves");
    iso_page_chart_tools(p);
    fputs("<div class=\"grid-of-figures\">\n", p->out);
    ISO_TRY(put_overlays(p, t, n, true));
    ISO_TRY(put_overlays(p, t, n, false));
    fputs("</div>\n</section>\n", p->out);
    iso_page_chapter(p, "all-curves", "Each run by itself");
    fputs("<div class=\"grid-of-figures\">\n", p->out);
    for (int i = 0; i < n; i++)
        ISO_TRY(iso_page_picture(p, iso_draw_small(&t[i], i + 1, &s), &s, NULL));
    fputs("</div>\n</section>\n", p->out);
    return ISO_OK;
}

iso_rc iso_page_of_runs(struct iso_page *p, const struct iso_told *t, int n)
{
    char title[64];
    snprintf(title, sizeof title, "%d runs: isocl report", n);
    ISO_TRY(iso_page_begin(p, title));
    fputs("<header>\n", p->out);
    iso_page_element(p, "h1", "%d runs compared", n);
    fputs(
        "<nav aria-label=\"chapters\"><a href=\"#runs\">Runs</a>\n<a "
        "href=\"#curves\">Curves</a>\n<a href=\"#all-curves\">Each run</a>\n"
        "<a href=\"#differences\">Differences</a>\n<a href=\"#models\">Model files</a></nav>\n"
        "</header>\n<main>\n",
        p->out);
    for (int i = 0; i < n; i++)
        if (*t[i].faults)
            iso_page_note(p, "Not all of %s could be read: %s.", t[i].name, t[i].faults);
    put_runs(p, t, n);
    ISO_TRY(put_curves(p, t, n));
    put_table(p, t, n);
    put_models(p, t, n);
    fputs("</main>\n", p->out);
    return iso_page_end(p);
}
