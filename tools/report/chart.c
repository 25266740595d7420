#include "chart.h"

#include "axis.h"
#include "style.h"

#include <math.h>
#include <string.h>

static const double TITLE = 18, LEGEND = 17, HEADS = 16; /* heights above the plot */
static const double TICK_ROOM = 40;                      /* for those of another scale, too */
static const double BELOW = 34, SAMPLE = 20, GAP = 14;   /* below it; in the legend */
enum { SPAN = 50 }; /* use a log scale if the largest number is this many times the least */
enum { DOTS = 40, X_TICKS = 6, Y_TICKS = 5 };

struct plot { /* a chart that is being drawn */
    struct iso_svg *svg;
    const struct iso_chart *chart;
    struct iso_axis x, y, y2;
    bool has_left, has_right;
};
struct ends {
    double least, most;
};

void iso_chart_add(struct iso_chart *c, const struct iso_series *s)
{
    if (c->nseries < ISO_CHART_SERIES)
        c->series[c->nseries++] = *s;
}

static bool is_point(const struct iso_series *s, int64_t i)
{
    return isfinite(s->x[i]) && isfinite(s->y[i]);
}

/* ---- Ends ---------------------------------------------------------------------------------- */

static void widen(struct ends *e, double value)
{
    e->least = value < e->least ? value : e->least;
    e->most = value > e->most ? value : e->most;
}

/* Finds the least and the largest number of one side's series, or of both in x; false when they
 * have no points. */
static bool span(const struct iso_chart *c, bool of_x, bool right, struct ends *e)
{
    *e = (struct ends){ INFINITY, -INFINITY };
    for (int k = 0; k < c->nseries; k++) {
        const struct iso_series *s = &c->series[k];
        for (int64_t i = 0; i < s->n && (of_x || s->right == right); i++)
            if (is_point(s, i))
                widen(e, of_x ? s->x[i] : s->y[i]);
    }
    return e->least <= e->most;
}

bool iso_chart_has_points(const struct iso_chart *c)
{
    struct ends e;
    return span(c, true, false, &e);
}

static struct iso_axis y_axis(const struct iso_chart *c, const struct ends *e)
{
    const bool log = c->log_fits && e->least > 0 && e->most / e->least > SPAN;
    return iso_axis_over(e->least, e->most, Y_TICKS, false, log);
}

/* ---- The frame ----------------------------------------------------------------------------- */

static double widest_tick(const struct iso_axis *a)
{
    double values[ISO_TICKS], widest = 0;
    char text[ISO_TICK_TEXT];
    const int n = iso_axis_ticks(a, values);
    for (int i = 0; i < n; i++)
        widest = fmax(widest, iso_text_width(iso_tick_text(a, values[i], text)));
    return widest;
}

static void draw_y_axis(const struct plot *p, const struct iso_axis *a, bool right)
{
    double values[ISO_TICKS];
    char text[ISO_TICK_TEXT];
    const int n = iso_axis_ticks(a, values);
    const double x = right ? p->x.end : p->x.begin;
    fprintf(p->svg->out, "<g class=\"%s\">\n", right ? "y2-axis" : "y-axis");
    for (int i = 0; i < n; i++) {
        const double y = iso_axis_at(a, values[i]);
        if (!right || !p->has_left)
            iso_svg_line(p->svg, p->x.begin, y, p->x.end, y, "grid");
        iso_svg_text(p->svg, right ? x + 6 : x - 6, y + 4, right ? ISO_LEFT : ISO_RIGHT, "muted",
                     "%s", iso_tick_text(a, values[i], text));
    }
    fputs("</g>\n", p->svg->out);
}

static void draw_x_axis(const struct plot *p)
{
    double values[ISO_TICKS];
    char text[ISO_TICK_TEXT];
    const int n = iso_axis_ticks(&p->x, values);
    iso_svg_line(p->svg, p->x.begin, p->y.begin, p->x.end, p->y.begin, "axis");
    for (int i = 0; i < n; i++) {
        const double x = iso_axis_at(&p->x, values[i]);
        iso_svg_line(p->svg, x, p->y.begin, x, p->y.begin + 4, "axis");
        iso_svg_text(p->svg, x, p->y.begin + 16, ISO_MIDDLE, "muted", "%s",
                     iso_tick_text(&p->x, values[i], text));
    }
    iso_svg_text(p->svg, (p->x.begin + p->x.end) / 2, p->y.begin + 31, ISO_MIDDLE, "muted", "%s",
                 p->chart->x_label);
}

static void look_of(const struct iso_series *s, char classes[32])
{
    snprintf(classes, 32, "s%d d%d%s", s->look % ISO_STYLE_SERIES,
             s->look / ISO_STYLE_SERIES % ISO_STYLE_DASHES, s->faint ? " faint" : "");
}

/* Entries beside each other, in as many rows as they need; draws nothing when svg is NULL.
 * Returns the height. */
static double draw_legend(struct iso_svg *svg, const struct iso_chart *c, double x, double y,
                          double width)
{
    double at = 0, row = 0;
    int n = 0;
    for (int k = 0; k < c->nseries; k++)
        n += c->series[k].label != NULL;
    for (int k = 0; k < c->nseries && n > 0; k++) {
        const struct iso_series *s = &c->series[k];
        char classes[32], text[128];
        if (s->label == NULL)
            continue;
        iso_text_fit(s->label, width - SAMPLE - 6, text, sizeof text);
        const double wide = SAMPLE + 6 + iso_text_width(text);
        if (at > 0 && at + wide > width) {
            at = 0;
            row += LEGEND;
        }
        look_of(s, classes);
        if (svg != NULL) {
            fprintf(svg->out, "<g class=\"key\" data-label=\"");
            iso_put_escaped(svg->out, s->label);
            fputs("\">\n", svg->out);
            iso_svg_line(svg, x + at, y + row + 8, x + at + SAMPLE, y + row + 8, classes);
            iso_svg_text(svg, x + at + SAMPLE + 6, y + row + 12, ISO_LEFT, "ink", "%s", text);
            fputs("</g>\n", svg->out);
        }
        at += wide + GAP;
    }
    return n > 0 ? row + LEGEND : 0;
}

/* Draws dashed lines, each with its name if there is room before the next one. */
static void draw_marks(const struct plot *p)
{
    const struct iso_chart *c = p->chart;
    for (int i = 0; i < c->nmarks; i++) {
        const double x = iso_axis_at(&p->x, c->marks[i].x);
        const double next = i + 1 < c->nmarks ? iso_axis_at(&p->x, c->marks[i + 1].x) : p->x.end;
        char text[64];
        if (x < p->x.begin - 1 || x > p->x.end + 1)
            continue;
        if (x > p->x.begin + 1)
            iso_svg_line(p->svg, x, p->y.begin, x, p->y.end, "mark");
        if (next - x > 40)
            iso_svg_text(p->svg, x + 2, p->y.end - 5, ISO_LEFT, "muted tiny", "%s",
                         iso_text_fit(c->marks[i].label, 1.15 * (next - x - 8), text, sizeof text));
    }
}

/* ---- Series -------------------------------------------------------------------------------- */

/* Returns the index behind i: every stride-th point is drawn, and the last one. */
static int64_t next_point(const struct iso_series *s, int64_t i)
{
    const int64_t stride = (s->n + ISO_CHART_POINTS - 1) / ISO_CHART_POINTS;
    return i + stride < s->n || i == s->n - 1 ? i + stride : s->n - 1;
}

/* A line that an earlier one has, too, is dashed, so that both are seen. */
static bool is_over_another(const struct iso_chart *c, const struct iso_series *s)
{
    for (const struct iso_series *o = c->series; o < s; o++) {
        bool same = o->n == s->n && o->right == s->right;
        for (int64_t i = 0; same && i < s->n; i++)
            same = is_point(s, i) == is_point(o, i) &&
                   (!is_point(s, i) || (s->x[i] == o->x[i] && s->y[i] == o->y[i]));
        if (same)
            return true;
    }
    return false;
}

static void draw_line(const struct plot *p, const struct iso_series *s, const struct iso_axis *y,
                      bool over)
{
    char classes[32];
    bool joined = false;
    look_of(s, classes);
    fprintf(p->svg->out, "<path class=\"%s%s\" d=\"", classes, over ? " over" : "");
    for (int64_t i = 0; i < s->n; i = next_point(s, i)) {
        if (is_point(s, i)) /* h0: a point by itself is seen, too */
            fprintf(p->svg->out, joined ? "L%.1f %.1f" : "M%.1f %.1fh0",
                    iso_axis_at(&p->x, s->x[i]), iso_axis_at(y, s->y[i]));
        joined = is_point(s, i);
    }
    fputs("\" data-points=\"", p->svg->out);
    for (int64_t i = 0; i < s->n; i = next_point(s, i))
        if (is_point(s, i))
            fprintf(p->svg->out, "%s%.7g,%.7g", i ? " " : "", s->x[i], s->y[i]);
        else
            fputs(" -", p->svg->out);
    fputs("\"/>\n", p->svg->out);
}

static void draw_dots(const struct plot *p, const struct iso_series *s, const struct iso_axis *y)
{
    char classes[16], tip[256], a[ISO_NUMBER], b[ISO_NUMBER];
    snprintf(classes, sizeof classes, "f%d", s->look % ISO_STYLE_SERIES);
    for (int64_t i = 0; i < s->n; i++) {
        if (!is_point(s, i))
            continue;
        if (p->chart->whole)
            snprintf(a, sizeof a, "%.0f", s->x[i]);
        else
            iso_short_number(s->x[i], a);
        snprintf(tip, sizeof tip, "%s %s: %s%s%s", p->chart->x_label, a,
                 s->label != NULL ? s->label : "", s->label != NULL ? " " : "",
                 iso_short_number(s->y[i], b));
        iso_svg_dot(p->svg, iso_axis_at(&p->x, s->x[i]), iso_axis_at(y, s->y[i]), 2.6, classes,
                    tip);
    }
}

/* Pieces of one line, and pale numbers behind their means, go by the label of their neighbour that
 * has one in the same look. */
static const char *series_label(const struct iso_chart *c, int k)
{
    for (int i = 0; i < c->nseries && c->series[k].label == NULL; i++)
        if (c->series[i].label != NULL && c->series[i].look == c->series[k].look)
            return c->series[i].label;
    return c->series[k].label != NULL ? c->series[k].label : "";
}

static void draw_series(const struct plot *p, bool faint)
{
    for (int k = 0; k < p->chart->nseries; k++) {
        const struct iso_series *s = &p->chart->series[k];
        const struct iso_axis *y = s->right ? &p->y2 : &p->y;
        if (s->faint != faint)
            continue;
        const bool over = is_over_another(p->chart, s);
        fprintf(p->svg->out, "<g class=\"series%s\" data-label=\"", s->right ? " right-side" : "");
        iso_put_escaped(p->svg->out, series_label(p->chart, k));
        fputs("\">\n", p->svg->out);
        draw_line(p, s, y, over);
        if (!faint && !over && s->n <= DOTS)
            draw_dots(p, s, y);
        fputs("</g>\n", p->svg->out);
    }
}

static void draw_best(const struct plot *p)
{
    const double x = iso_axis_at(&p->x, p->chart->best_x), middle = (p->x.begin + p->x.end) / 2;
    if (!p->chart->has_best || x < p->x.begin - 1 || x > p->x.end + 1)
        return;
    iso_svg_line(p->svg, x, p->y.begin, x, p->y.end, "best");
    /* The curve is elsewhere: an error falls, other metrics rise. */
    const double y = p->chart->log_fits ? p->y.end + 10 : p->y.begin - 6;
    iso_svg_text(p->svg, x > middle ? x - 4 : x + 4, y, x > middle ? ISO_RIGHT : ISO_LEFT,
                 "best-text tiny", "best: %s %.0f", p->chart->x_label, p->chart->best_x);
}

/* ---- The chart ----------------------------------------------------------------------------- */

/* Places the axes; y: position of the plot's first line. */
static void put_axes(struct plot *p, double x, double y, double width, double bottom)
{
    p->x.begin = x + (p->has_left ? fmax(widest_tick(&p->y), TICK_ROOM) + 8 : 8);
    p->x.end = x + width - (p->has_right ? fmax(widest_tick(&p->y2), TICK_ROOM) + 8 : 16);
    p->y.begin = p->y2.begin = bottom - BELOW;
    p->y.end = p->y2.end = y;
}

/* Draws what is between the axes, with what the page's script needs to draw it anew: the box in
 * units of the picture, and the ends of x. */
static void draw_plot(const struct plot *p)
{
    fprintf(p->svg->out,
            "<g class=\"chart\" data-box=\"%.1f %.1f %.1f %.1f\" data-x=\"%.9g %.9g\" "
            "data-fits=\"%d\" data-x-label=\"%s\">\n",
            p->x.begin, p->x.end, p->y.begin, p->y.end, p->x.from, p->x.to, p->chart->log_fits,
            p->chart->x_label);
    if (p->has_left)
        draw_y_axis(p, &p->y, false);
    if (p->has_right)
        draw_y_axis(p, &p->y2, true);
    draw_marks(p);
    draw_best(p);
    draw_series(p, true);
    draw_series(p, false);
    draw_x_axis(p);
    fputs("</g>\n", p->svg->out);
}

void iso_chart_draw(struct iso_svg *svg, const struct iso_chart *c, double x, double y,
                    double width, double height)
{
    struct plot p = { .svg = svg, .chart = c };
    struct ends e;
    char title[128];
    iso_svg_text(svg, x, y + 14, ISO_LEFT, "ink title", "%s",
                 iso_text_fit(c->title, 0.85 * width, title, sizeof title));
    if (!span(c, true, false, &e)) {
        iso_svg_text(svg, x + width / 2, y + height / 2, ISO_MIDDLE, "muted", "nothing to show");
        return;
    }
    p.x = iso_axis_over(e.least, e.most, X_TICKS, c->whole, false);
    if ((p.has_left = span(c, false, false, &e)))
        p.y = y_axis(c, &e);
    if ((p.has_right = span(c, false, true, &e)))
        p.y2 = y_axis(c, &e);
    double top = y + TITLE + 4;
    top += draw_legend(svg, c, x, top, width);
    top += c->y_label != NULL || c->y2_label != NULL || c->nmarks > 0 ? HEADS : 4;
    put_axes(&p, x, top + 4, width, y + height);
    if (c->y_label != NULL)
        iso_svg_text(svg, x, top - 3, ISO_LEFT, "muted", "%s", c->y_label);
    if (c->y2_label != NULL)
        iso_svg_text(svg, x + width, top - 3, ISO_RIGHT, "muted", "%s", c->y2_label);
    draw_plot(&p);
}

/* ---- Bars ---------------------------------------------------------------------------------- */

static double sum_of(const struct iso_bar *b) { return b->piece[0] + b->piece[1] + b->piece[2]; }

static double draw_bars_legend(struct iso_svg *svg, const char *const *names, double y)
{
    double x = 0;
    for (int i = 0; names[i] != NULL; i++) {
        char classes[16];
        snprintf(classes, sizeof classes, "f%d", i);
        iso_svg_rect(svg, x, y + 2, 12, 12, 1, classes, NULL);
        iso_svg_text(svg, x + 17, y + 12, ISO_LEFT, "ink", "%s", names[i]);
        x += 17 + iso_text_width(names[i]) + GAP;
    }
    return LEGEND + 6;
}

double iso_bars_draw(struct iso_svg *svg, const struct iso_bar *bars, int n,
                     const char *const *names, const char *unit, double y)
{
    enum { ROW = 20, VALUE = 70 };
    const double begun = y;
    double most = 0, left = 0;
    for (int i = 0; i < n; i++) {
        most = fmax(most, sum_of(&bars[i]));
        left = fmax(left, iso_text_width(bars[i].label));
    }
    left = fmin(left + 8, 0.4 * svg->width);
    y += draw_bars_legend(svg, names, y);
    for (int i = 0; i < n; i++, y += ROW) {
        const double scale = most > 0 ? (svg->width - left - VALUE) / most : 0;
        double x = left;
        char text[64], number[ISO_NUMBER];
        iso_svg_text(svg, 0, y + 14, ISO_LEFT, "ink", "%s",
                     iso_text_fit(bars[i].label, left - 6, text, sizeof text));
        for (int k = 0; names[k] != NULL; k++) {
            char classes[16], tip[160];
            snprintf(classes, sizeof classes, "f%d", k);
            snprintf(tip, sizeof tip, "%s, %s: %s %s", bars[i].label, names[k],
                     iso_short_number(bars[i].piece[k], number), unit);
            if (bars[i].piece[k] > 0)
                iso_svg_rect(svg, x, y + 3, scale * bars[i].piece[k], ROW - 6, 1, classes, tip);
            x += scale * bars[i].piece[k];
        }
        iso_svg_text(svg, x + 6, y + 14, ISO_LEFT, "muted", "%.3g %s", sum_of(&bars[i]), unit);
    }
    return y - begun;
}
