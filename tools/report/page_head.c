/* page_head.c: the head of a report on one run: its name, and what matters on tiles. */
#include "page.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

const char *iso_duration(double seconds, char *buf, size_t n)
{
    if (seconds < 120)
        snprintf(buf, n, "%.1f s", seconds);
    else if (seconds < 2 * 3600)
        snprintf(buf, n, "%d min %02d s", (int)(seconds / 60), (int)seconds % 60);
    else
        snprintf(buf, n, "%d h %02d min", (int)(seconds / 3600), (int)(seconds / 60) % 60);
    return buf;
}

/* ---- Tiles --------------------------------------------------------------------------------- */

/* Writes a tile, or nothing if there is no value. look: "good", "bad", "hash" or "". */
static void put_tile(struct iso_page *p, const char *name, const char *value, const char *more,
                     const char *look)
{
    char element[32];
    if (!*value)
        return;
    fputs("<div class=\"tile\">", p->out);
    iso_page_element(p, "dt", "%s", name);
    snprintf(element, sizeof element, "dd class=\"value %s\"", look);
    iso_page_element(p, element, "%s", value);
    iso_page_element(p, "dd", "%s", more);
    fputs("</div>\n", p->out);
}

/* The split whose scores are shown first: test, or else validation, or training; NULL: none. */
static const struct iso_split *first_split(const struct iso_measured *m)
{
    for (int i = ISO_SPLITS - 1; i >= 0; i--)
        if (m->split[i].last.known)
            return &m->split[i];
    return NULL;
}

/* Writes the best number of a column, and its epoch. */
static void tell_best(const struct iso_told *t, const char *metric, char *buf, size_t n)
{
    const int validation = iso_told_column(t, metric, true);
    const int column = validation >= 0 ? validation : iso_told_column(t, metric, false);
    char number[ISO_NUMBER];
    int64_t row;
    const double best = iso_table_best(&t->epochs, column, iso_metric_is_error(metric), &row);
    *buf = '\0';
    if (row >= 0)
        snprintf(buf, n, "; best in %s %s, epoch %" PRId64,
                 validation >= 0 ? "validation" : "training", iso_short_number(best, number),
                 row + 1);
}

/* The measured number, or else the last one of the history. */
static void put_score(struct iso_page *p, const struct iso_told *t, const char *name,
                      const char *metric, const char *split, double measured)
{
    char value[ISO_NUMBER], best[128], more[224];
    int64_t row;
    tell_best(t, metric, best, sizeof best);
    if (isfinite(measured)) {
        snprintf(more, sizeof more, "%s data, last weights%s", split, best);
        put_tile(p, name, iso_short_number(measured, value), more, "");
        return;
    }
    for (int validation = 1; validation >= 0; validation--) {
        const double last =
            iso_table_last(&t->epochs, iso_told_column(t, metric, validation == 1), &row);
        if (row < 0)
            continue;
        snprintf(more, sizeof more, "%s, epoch %" PRId64 "%s",
                 validation ? "validation" : "training", row + 1, best);
        put_tile(p, name, iso_short_number(last, value), more, "");
        return;
    }
}

static void put_scores(struct iso_page *p, const struct iso_told *t, const struct iso_measured *m)
{
    struct iso_metric_columns metrics[32];
    const struct iso_split *s = first_split(m);
    const int n = iso_told_metrics(t, metrics, 32), main = iso_told_main_metric(metrics, n);
    const double accuracy = s != NULL ? iso_split_accuracy(s) : (double)NAN;
    const char *name = s != NULL ? s->name : "",
               *metric = main >= 0 ? metrics[main].name : "accuracy";
    const bool usual = strcmp(metric, "accuracy") == 0;
    put_score(p, t, usual ? "Accuracy" : metric, metric, name, usual ? accuracy : (double)NAN);
    put_score(p, t, "Loss", "loss", name, s != NULL ? s->last.loss : (double)NAN);
}

static void put_time(struct iso_page *p, const struct iso_told *t)
{
    const double seconds = iso_told_seconds(t);
    const int speed = iso_table_find(&t->epochs, "images_per_second");
    char value[32], each[32], more[128];
    int64_t row;
    if (t->epochs.rows == 0)
        return;
    const double images = iso_table_last(&t->epochs, speed, &row);
    int n = snprintf(more, sizeof more, "%s an epoch",
                     iso_duration(seconds / (double)t->epochs.rows, each, sizeof each));
    if (row >= 0)
        snprintf(more + n, sizeof more - (size_t)n, "; %.0f images/s", images);
    put_tile(p, "Training time", iso_duration(seconds, value, sizeof value), more, "");
}

static void put_parity_tile(struct iso_page *p, const struct iso_measured *m)
{
    const bool exact = m->job.backend != NULL && m->job.backend->mode == ISO_MODE_EXACT;
    if (m->parity == NULL || *m->no_parity)
        put_tile(p, "Parity", "not checked", "isocl parity compares the device with the reference",
                 "");
    else if (m->parity_passed)
        put_tile(p, "Parity", "\xe2\x9c\x93 kept",
                 exact ? "0 bits differ from the reference" : "within the bounds of the reference",
                 "good");
    else
        put_tile(p, "Parity", "\xe2\x9c\x97 broken", "the chapter Parity says where", "bad");
}

static void put_tiles(struct iso_page *p, const struct iso_told *t, const struct iso_measured *m)
{
    const char *hash = *m->hash ? m->hash : t->hash;
    char value[16], more[192];
    fputs("<dl class=\"tiles\">\n", p->out);
    put_scores(p, t, m);
    put_time(p, t);
    snprintf(more, sizeof more, "%s, %s mode", t->device.name, t->device.mode);
    put_tile(p, "Device", t->device.id, more, "");
    put_parity_tile(p, m);
    snprintf(value, sizeof value, "%.12s", hash);
    put_tile(p, "Weights", value, "sha256 of the last weights; whole below", "hash");
    fputs("</dl>\n", p->out);
}

void iso_page_head(struct iso_page *p, const struct iso_told *t, const struct iso_measured *m)
{
    static const char *const links[][2] = {
        { "model", "Model" },     { "summary", "Settings" },     { "curves", "Curves" },
        { "weights", "Weights" }, { "scores", "Scores" },        { "confusion", "Classes" },
        { "samples", "Samples" }, { "predictions", "Mistakes" }, { "time", "Time" },
        { "parity", "Parity" },   { "files", "Files" },
    };
    char status[128];
    fputs("<header>\n", p->out);
    iso_page_element(p, "h1", "%s", t->model);
    iso_page_element(p, "p class=\"small\"", "Run %s: %s.", t->folder,
                     iso_told_status(t, status, sizeof status));
    if (p->again > 0)
        iso_page_note(p, "The run is being trained. This page reads itself anew every %d seconds.",
                      p->again);
    put_tiles(p, t, m);
    fputs("<nav aria-label=\"chapters\">", p->out);
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        fprintf(p->out, "<a href=\"#%s\">%s</a>\n", links[i][0], links[i][1]);
    fputs("</nav>\n</header>\n<main>\n", p->out);
}
