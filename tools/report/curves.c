#include "curves.h"

#include "chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 480, HEIGHT = 300, MEANS = 100 };

/* ---- Charts of epochs ---------------------------------------------------------------------- */

static const double *epochs_of(const struct iso_told *t)
{
    return iso_table_column(&t->epochs, iso_table_find(&t->epochs, "epoch"));
}

/* Adds rows that are joined by a line: not from one phase to another, whose losses and weights may
 * be others. Of very many phases there is one line. */
static void add_rows(struct iso_chart *c, const struct iso_told *t, const struct iso_series *all)
{
    enum { MOST_LINES = 16 };
    const int lines = t->nphases > 1 && t->nphases <= MOST_LINES ? t->nphases : 1;
    for (int i = 0; i < lines; i++) {
        struct iso_series s = *all;
        const int64_t first = lines > 1 ? t->phase[i].row : 0;
        s.n = (i + 1 < lines ? t->phase[i + 1].row : all->n) - first;
        s.x += first;
        s.y += first;
        s.label = i == 0 ? all->label : NULL;
        iso_chart_add(c, &s);
    }
}

/* Skips a column without a number, such as validation's if there was none. */
static void add_column(struct iso_chart *c, const struct iso_told *t, int column, const char *label,
                       int look)
{
    const double *x = epochs_of(t), *y = iso_table_column(&t->epochs, column);
    int64_t row;
    if (x != NULL && isfinite(iso_table_last(&t->epochs, column, &row)))
        add_rows(c, t,
                 &(struct iso_series){
                     .label = label, .x = x, .y = y, .n = t->epochs.rows, .look = look });
}

static void add_phases(struct iso_chart *c, const struct iso_told *t)
{
    for (int i = 0; i < t->nphases && t->nphases > 1 && i < ISO_CHART_MARKS; i++) {
        c->marks[i].x = t->phase[i].epoch - (i > 0 ? 0.5 : 0);
        c->marks[i].label = t->phase[i].name;
        c->nmarks = i + 1;
    }
}

static struct iso_chart epoch_chart(const char *title)
{
    return (struct iso_chart){ .title = title, .x_label = "epoch", .whole = true };
}

/* Marks the epoch that best.safetensors is of. */
static void mark_best(struct iso_chart *c, const struct iso_told *t)
{
    c->has_best = *t->best.monitor != '\0';
    c->best_x = (double)t->best.epoch;
}

static iso_rc draw(const struct iso_chart *c, const char *name, const char *title,
                   struct iso_svg *s)
{
    ISO_TRY(iso_svg_begin(s, name, WIDTH, HEIGHT));
    iso_svg_title(s, "%s", title);
    iso_chart_draw(s, c, 0, 0, WIDTH, HEIGHT);
    return iso_svg_end(s);
}

/* "top_5" -> "curve-top-5", as a file's name. */
static void file_name(const char *kind, const char *metric, char out[ISO_SVG_NAME])
{
    snprintf(out, ISO_SVG_NAME, "%s-%s", kind, metric);
    for (char *c = out; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
            *c = '-';
}

/* Draws a number per class; if there are more classes than colours, thin lines without a legend. */
static void add_classes(struct iso_chart *c, const struct iso_told *t,
                        const struct iso_metric_columns *m, char labels[][16])
{
    const int first = m->validation >= 0 ? m->validation : m->train;
    const bool few = m->classes <= 10;
    for (int i = 0; i < m->classes && i < ISO_CHART_SERIES; i++) {
        snprintf(labels[i], 16, "%d", i);
        add_column(c, t, first + i, few ? labels[i] : NULL, few ? i : 0);
        if (c->nseries > 0)
            c->series[c->nseries - 1].faint = !few;
    }
}

iso_rc iso_draw_metric(const struct iso_told *t, const struct iso_metric_columns *m,
                       struct iso_svg *s)
{
    char title[ISO_NAME + 64], name[ISO_SVG_NAME], labels[ISO_CHART_SERIES][16];
    struct iso_chart c = epoch_chart(title);
    c.log_fits = iso_metric_is_error(m->name);
    file_name("curve", m->name, name);
    snprintf(title, sizeof title, "%s%s", m->name,
             !m->classes          ? ""
             : m->validation >= 0 ? " of each class, validation"
                                  : " of each class, training");
    if (m->classes) {
        add_classes(&c, t, m, labels);
    } else {
        add_column(&c, t, m->train, "training", 0);
        add_column(&c, t, m->validation, "validation", 1);
    }
    add_phases(&c, t);
    mark_best(&c, t);
    return draw(&c, name, title, s);
}

iso_rc iso_draw_loss_against(const struct iso_told *t, const struct iso_metric_columns *loss,
                             const struct iso_metric_columns *metric, struct iso_svg *s)
{
    char title[ISO_NAME + 64];
    snprintf(title, sizeof title, "%s against loss, an epoch a point", metric->name);
    struct iso_chart c = { .title = title, .x_label = "loss" };
    const struct iso_table *e = &t->epochs;
    const int pairs[2][2] = { { loss->train, metric->train },
                              { loss->validation, metric->validation } };
    for (int i = 0; i < 2; i++) {
        int64_t row;
        if (pairs[i][0] < 0 || pairs[i][1] < 0 || isnan(iso_table_last(e, pairs[i][1], &row)))
            continue;
        add_rows(&c, t,
                 &(struct iso_series){ .label = i ? "validation" : "training",
                                       .x = iso_table_column(e, pairs[i][0]),
                                       .y = iso_table_column(e, pairs[i][1]),
                                       .n = e->rows,
                                       .look = i });
    }
    return draw(&c, "loss-against-metric", title, s);
}

iso_rc iso_draw_speed(const struct iso_told *t, struct iso_svg *s)
{
    struct iso_chart c = epoch_chart("images per second, training");
    add_column(&c, t, iso_table_find(&t->epochs, "images_per_second"), NULL, 2);
    add_phases(&c, t);
    return draw(&c, "speed", c.title, s);
}

/* ---- Charts of batches --------------------------------------------------------------------- */

/* Means over consecutive steps: x and y of MEANS points at most. */
struct means {
    double x[MEANS], y[MEANS];
    int n;
};

static void take_means(const double *x, const double *y, int64_t rows, struct means *m)
{
    const int64_t width = (rows + MEANS - 1) / MEANS;
    m->n = 0;
    for (int64_t from = 0; from < rows; from += width) {
        double sx = 0, sy = 0;
        int64_t count = 0;
        for (int64_t i = from; i < rows && i < from + width; i++)
            if (isfinite(y[i])) {
                sx += x[i];
                sy += y[i];
                count++;
            }
        m->x[m->n] = count ? sx / (double)count : NAN;
        m->y[m->n++] = count ? sy / (double)count : NAN;
    }
}

/* Draws the numbers themselves, pale, and, if there are many, their means. */
static void add_batches(struct iso_chart *c, const struct iso_table *b, int column,
                        const char *label, int look, bool right, struct means *means)
{
    const double *x = iso_table_column(b, 0), *y = iso_table_column(b, column);
    const bool many = b->rows > 2 * MEANS;
    struct iso_series s = { .label = many ? NULL : label,
                            .x = x,
                            .y = y,
                            .n = b->rows,
                            .look = look,
                            .right = right,
                            .faint = many };
    iso_chart_add(c, &s);
    if (!many)
        return;
    take_means(x, y, b->rows, means);
    s = (struct iso_series){
        .label = label, .x = means->x, .y = means->y, .n = means->n, .look = look, .right = right
    };
    iso_chart_add(c, &s);
}

iso_rc iso_draw_batches(const struct iso_told *t, const char *metric, struct iso_svg *s)
{
    const struct iso_table *b = &t->batches;
    const int loss = iso_table_find(b, "loss"),
              other = metric != NULL ? iso_table_find(b, metric) : -1;
    struct means means[2];
    struct iso_chart c = { .title = "loss of each batch", .x_label = "step", .whole = true };
    char title[ISO_NAME + 64];
    if (other >= 0) {
        snprintf(title, sizeof title, "loss and %s of each batch", metric);
        c.title = title;
        c.y_label = "loss";
        c.y2_label = metric;
    }
    if (loss >= 0)
        add_batches(&c, b, loss, "loss", 1, false, &means[0]);
    if (other >= 0)
        add_batches(&c, b, other, metric, 0, true, &means[1]);
    c.log_fits = true;
    return draw(&c, "batches", c.title, s);
}

iso_rc iso_draw_rate(const struct iso_told *t, struct iso_svg *s)
{
    const struct iso_table *b = &t->batches;
    const int column = iso_table_find(b, "learning_rate");
    struct iso_chart c = epoch_chart("learning rate");
    if (column >= 0 && b->rows > 0) {
        c.x_label = "step";
        iso_chart_add(&c, &(struct iso_series){ .x = iso_table_column(b, 0),
                                                .y = iso_table_column(b, column),
                                                .n = b->rows,
                                                .look = 2 });
    } else {
        add_column(&c, t, iso_table_find(&t->epochs, "learning_rate"), NULL, 2);
        add_phases(&c, t);
    }
    c.log_fits = true;
    return draw(&c, "learning-rate", c.title, s);
}

/* ---- Several runs -------------------------------------------------------------------------- */

iso_rc iso_draw_overlay(const struct iso_told *t, int n, const char *metric, bool validation,
                        struct iso_svg *s)
{
    char title[ISO_NAME + 64], name[ISO_SVG_NAME];
    struct iso_chart c = epoch_chart(title);
    snprintf(title, sizeof title, "%s %s", validation ? "validation" : "training", metric);
    file_name("compare", title, name);
    c.log_fits = iso_metric_is_error(metric);
    for (int i = 0; i < n; i++)
        add_column(&c, &t[i], iso_told_column(&t[i], metric, validation), t[i].name, i);
    return draw(&c, name, title, s);
}

/* A run's training and validation of one metric, small. */
static void draw_small(const struct iso_told *t, const char *metric, struct iso_svg *s, double x,
                       double y)
{
    char title[160];
    struct iso_chart c = epoch_chart(title);
    snprintf(title, sizeof title, "%s: %s", t->name, metric);
    c.log_fits = iso_metric_is_error(metric);
    add_column(&c, t, iso_told_column(t, metric, false), "training", 0);
    add_column(&c, t, iso_told_column(t, metric, true), "validation", 1);
    add_phases(&c, t);
    iso_chart_draw(s, &c, x, y, WIDTH / 2 - 8, 190);
}

iso_rc iso_draw_small(const struct iso_told *t, int number, struct iso_svg *s)
{
    struct iso_metric_columns m[ISO_METRICS_SHOWN];
    const int n = iso_told_metrics(t, m, ISO_METRICS_SHOWN), main = iso_told_main_metric(m, n);
    char name[ISO_SVG_NAME];
    snprintf(name, sizeof name, "compare-run-%d", number);
    ISO_TRY(iso_svg_begin(s, name, WIDTH, 190));
    iso_svg_title(s, "loss and main metric of %s, training and validation", t->name);
    draw_small(t, "loss", s, 0, 0);
    if (main >= 0)
        draw_small(t, m[main].name, s, WIDTH / 2 + 8, 0);
    return iso_svg_end(s);
}
