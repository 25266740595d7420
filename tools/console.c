#include "console.h"
#include "core/text/json.h"

#include "core/system/machine.h"
#include "core/ranks/ranks.h"
#include "core/train/run.h"
#include "core/train/warnings.h"
#include "core/text/wrap.h"

#include "core/text/printable.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 600, BAR = 24 };
static const double DRAW_SECONDS = 0.1;

enum iso_console_style iso_console_style(bool json, bool quiet)
{
    int rank;
    const char *term = getenv("TERM");
    if (iso_launched(&rank) > 1) /* mpirun shows lines; a terminal of its own hides the pipe */
        return json ? ISO_CONSOLE_JSON : quiet ? ISO_CONSOLE_QUIET : ISO_CONSOLE_LINES;
    if (json)
        return ISO_CONSOLE_JSON;
    if (quiet)
        return ISO_CONSOLE_QUIET;
    return isatty(STDOUT_FILENO) && !(term != NULL && strcmp(term, "dumb") == 0)
               ? ISO_CONSOLE_BAR
               : ISO_CONSOLE_LINES;
}

/* ---- Lines --------------------------------------------------------------------------------- */

static void say(const struct iso_console *console, bool aloud, const char *fmt, va_list arguments)
{
    char line[LINE];
    vsnprintf(line, sizeof line, fmt, arguments);
    iso_printable(line, false);
    if (aloud) {
        printf("%s%s\n", console->style == ISO_CONSOLE_BAR ? "\r\033[K" : "", line);
        fflush(stdout);
    }
    if (console->run != NULL)
        iso_run_log(console->run, line);
}

void iso_console_line(const struct iso_console *console, const char *fmt, ...)
{
    va_list arguments;
    va_start(arguments, fmt);
    say(console, console->style == ISO_CONSOLE_LINES || console->style == ISO_CONSOLE_BAR, fmt,
        arguments);
    va_end(arguments);
}

void iso_console_result(const struct iso_console *console, const char *fmt, ...)
{
    va_list arguments;
    va_start(arguments, fmt);
    say(console, console->style != ISO_CONSOLE_JSON, fmt, arguments);
    va_end(arguments);
}

static void append(char line[LINE], const char *fmt, ...) ISO_PRINTF(2, 3);
static void append(char line[LINE], const char *fmt, ...)
{
    size_t n = strlen(line);
    va_list arguments;
    va_start(arguments, fmt);
    vsnprintf(line + n, LINE - n, fmt, arguments);
    va_end(arguments);
}

/* Appends the scores that are one number; scores with a number per class, and tables, do not fit on
 * a line. */
static void append_scores(char line[LINE], const struct iso_graph *graph,
                          const struct iso_scores *scores, const char *prefix)
{
    char name[ISO_NAME];
    append(line, "  %sloss %.4f", prefix, iso_scores_loss(scores));
    for (int m = 0; m < graph->model->nmetrics; m++)
        if (iso_metric_values(graph, m) == 1)
            append(line, "  %s%s %.4f", prefix, iso_metric_name(graph, m, -1, name),
                   iso_scores_metric(graph, scores, m));
}

static void append_epoch(char line[LINE], int64_t epoch, int64_t epochs)
{
    append(line, "epoch %lld", (long long)epoch);
    if (epochs > 0)
        append(line, "/%lld", (long long)epochs);
}

static void append_time(char line[LINE], double seconds)
{
    if (seconds < 100)
        append(line, "  %.1f s", seconds);
    else if (seconds < 3600)
        append(line, "  %d:%02d min", (int)seconds / 60, (int)seconds % 60);
    else
        append(line, "  %d:%02d h", (int)(seconds / 3600), (int)seconds / 60 % 60);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static bool lost_lines;

bool iso_console_lost(void) { return lost_lines; }

void iso_console_json(void *object)
{
    if (iso_json_line(object, JSON_COMPACT, stdout) != ISO_OK)
        lost_lines = true;
}

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static void set(json_t *object, const char *prefix, const char *name, json_t *value)
{
    char key[ISO_NAME + 16];
    snprintf(key, sizeof key, "%s%s", prefix, name);
    iso_json_set(object, key, value);
}

static json_t *numbers(const struct iso_graph *graph, const struct iso_scores *scores, int metric)
{
    const int64_t n = iso_metric_values(graph, metric);
    double *values = iso_alloc((size_t)n, sizeof *values);
    json_t *array = values != NULL ? json_array() : json_null();
    if (values != NULL)
        iso_scores_values(graph, scores, metric, values);
    for (int64_t i = 0; values != NULL && i < n; i++)
        iso_json_append(array, number(values[i]));
    free(values);
    return array;
}

static json_t *table(const struct iso_value *counted, const double *counts)
{
    json_t *rows = json_array();
    for (int64_t r = 0; r < counted->shape.dim[0]; r++) {
        json_t *row = json_array();
        for (int64_t c = 0; c < counted->shape.dim[1]; c++)
            iso_json_append(row, json_integer((json_int_t)*counts++));
        iso_json_append(rows, row);
    }
    return rows;
}

void iso_console_json_scores(void *object, const struct iso_graph *graph,
                             const struct iso_scores *scores, const char *prefix, bool tables)
{
    char name[ISO_NAME];
    set(object, prefix, "loss", number(iso_scores_loss(scores)));
    for (int m = 0; m < graph->model->nmetrics; m++) {
        const struct iso_value *counted = &graph->values[graph->metric[m]];
        iso_metric_name(graph, m, -1, name);
        if (iso_metric_values(graph, m) == 1)
            set(object, prefix, name, number(iso_scores_metric(graph, scores, m)));
        else if (tables && iso_metric_values(graph, m) > 1)
            set(object, prefix, name, numbers(graph, scores, m));
        else if (tables)
            set(object, prefix, name, table(counted, scores->counts + counted->at));
    }
}

static void json_progress(const struct iso_console *console, const struct iso_fit_progress *p)
{
    json_t *object = json_pack("{s:s, s:I, s:I, s:I, s:I}", "event", "progress", "epoch",
                               (json_int_t)p->epoch, "step",
                               (json_int_t)(p->batches[p->nbatches - 1].step + 1), "rows",
                               (json_int_t)p->rows, "epoch_rows", (json_int_t)p->epoch_rows);
    set(object, "", "seconds", number(p->seconds));
    iso_console_json_scores(object, console->graph, &p->scores, "", false);
    iso_console_json(object);
}

static void json_epoch(const struct iso_console *console, const struct iso_fit_epoch *e,
                       int64_t step)
{
    json_t *object = json_pack("{s:s, s:I, s:I, s:b, s:I}", "event", "epoch", "epoch",
                               (json_int_t)e->epoch, "step", (json_int_t)step, "whole", e->whole,
                               "rows", (json_int_t)e->train.rows);
    if (e->epochs > 0)
        iso_json_set(object, "epochs", json_integer(e->epochs));
    if (*e->phase)
        iso_json_set(object, "phase", iso_json_string(e->phase));
    set(object, "", "seconds", number(e->seconds));
    set(object, "", "images_per_second", number(e->images_per_second));
    set(object, "", "learning_rate", number(e->learning_rate));
    iso_console_json_scores(object, console->graph, &e->train, "", true);
    if (e->validated)
        iso_console_json_scores(object, console->graph, &e->validation, "validation_", true);
    iso_console_json(object);
}

/* ---- Following the training ---------------------------------------------------------------- */

/* " [====>   ]", as wide as there is room for, at most BAR. */
static void append_bar(char line[LINE], int room, double share)
{
    const int width = room < BAR + 3 ? room - 3 : BAR, done = (int)(share * width);
    if (width < 4)
        return;
    append(line, " [");
    for (int i = 0; i < width; i++)
        append(line, "%c", i < done ? '=' : i == done ? '>' : ' ');
    append(line, "]");
}

/* In a narrow window the bar shrinks first, and then what stands last is cut. */
static void draw_bar(const struct iso_console *console, const struct iso_fit_progress *p)
{
    char line[LINE] = "", rest[LINE] = "";
    const int64_t batch = console->graph->batch;
    const double speed = p->seconds > 0 ? (double)p->rows / p->seconds : 0;
    append_epoch(line, p->epoch, p->epochs);
    append(rest, "  step %lld/%lld", (long long)((p->rows + batch - 1) / batch),
           (long long)((p->epoch_rows + batch - 1) / batch));
    append_time(rest, speed > 0 ? (double)(p->epoch_rows - p->rows) / speed : 0);
    append(rest, " left");
    append_scores(rest, console->graph, &p->scores, "");
    append(rest, "  %.0f images/s", speed);
    append_bar(line, iso_columns(stdout) - 1 - (int)(strlen(line) + strlen(rest)),
               (double)p->rows / (double)p->epoch_rows);
    append(line, "%s", rest);
    printf("\r%.*s\033[K", iso_columns(stdout) - 1, line);
    fflush(stdout);
}

static iso_rc on_progress(void *self, const struct iso_fit_progress *progress)
{
    struct iso_console *console = self;
    double now = iso_clock();
    if (now - console->drawn < DRAW_SECONDS)
        return ISO_OK;
    console->drawn = now;
    if (console->style == ISO_CONSOLE_BAR)
        draw_bar(console, progress);
    else if (console->style == ISO_CONSOLE_JSON)
        json_progress(console, progress);
    return ISO_OK;
}

static iso_rc on_epoch(void *self, const struct iso_fit_epoch *epoch,
                       const struct iso_fit_state *state)
{
    const struct iso_console *console = self;
    char line[LINE] = "";
    append_epoch(line, epoch->epoch, epoch->epochs);
    append_scores(line, console->graph, &epoch->train, "");
    if (epoch->validated)
        append_scores(line, console->graph, &epoch->validation, "val_");
    append(line, "  %.0f images/s", epoch->images_per_second);
    append_time(line, epoch->seconds);
    if (epoch->trained && !epoch->whole)
        append(line, "  (stopped in its validation)");
    else if (!epoch->whole)
        append(line, "  (%lld rows of it, to step %lld)", (long long)epoch->train.rows,
               (long long)state->step);
    iso_console_line(console, "%s", line);
    if (console->style == ISO_CONSOLE_JSON)
        json_epoch(console, epoch, state->step);
    return ISO_OK;
}

/* A warning that ends the training is on the screen as its failure. */
void iso_console_warning(const struct iso_console *console, const struct iso_warning *w)
{
    const bool fatal = strcmp(w->kind, "not_finite") == 0;
    if (fatal && console->run != NULL)
        iso_run_log(console->run, w->text);
    else if (!fatal)
        iso_console_line(console, "warning    %s", w->text);
    if (console->style == ISO_CONSOLE_JSON)
        iso_console_json(json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}", "event", "warning", "kind",
                                   w->kind, "layer", w->layer, "epoch", (json_int_t)w->epoch,
                                   "step", (json_int_t)w->step, "text", w->text));
}

static iso_rc on_warning(void *self, const struct iso_warning *w)
{
    iso_console_warning(self, w);
    return ISO_OK;
}

struct iso_fit_listener iso_console_listener(struct iso_console *console)
{
    return (struct iso_fit_listener){
        .self = console, .progress = on_progress, .epoch = on_epoch, .warning = on_warning
    };
}
