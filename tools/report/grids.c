#include "grids.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 480, TITLE = 28 };

static const uint8_t *pixels_of(const struct iso_shown_rows *r, int i)
{
    return r->pixels + (int64_t)i * r->size[0] * r->size[1] * r->size[2];
}

static void draw_title(struct iso_svg *s, const char *title)
{
    char text[160];
    iso_svg_title(s, "%s", title);
    iso_svg_text(s, 0, 14, ISO_LEFT, "ink title", "%s",
                 iso_text_fit(title, 0.85 * s->width, text, sizeof text));
}

static bool has_names(const struct iso_shown_rows *r) { return r->n > 0 && *r->name[0]; }

/* Returns what a row is: its class, or its targets. */
static const char *truth_of(const struct iso_measured *m, const struct iso_shown_rows *r, int i,
                            char buf[16])
{
    return *r->truth[i] ? r->truth[i] : iso_class_text(m, r->label[i], buf);
}

/* "row 5: cat, photos/cat/5.jpg" */
static void put_tip(const struct iso_measured *m, const struct iso_shown_rows *r, int i, char *tip,
                    size_t n)
{
    char buf[16];
    snprintf(tip, n, "row %lld: %s%s%s", (long long)r->row[i], truth_of(m, r, i, buf),
             *r->name[i] ? ", " : "", r->name[i]);
}

/* Escapes what a link does not allow in a path. */
static void put_link(FILE *out, const char *path)
{
    fputs("<a href=\"file://", out);
    for (const unsigned char *c = (const unsigned char *)path; *c; c++)
        if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
            strchr("/-_.~", *c) != NULL)
            fputc(*c, out);
        else
            fprintf(out, "%%%02X", *c);
    fputs("\">\n", out);
}

/* The image of a row; one that has a file leads there. */
static iso_rc draw_image(const struct iso_measured *m, const struct iso_shown_rows *r, int i,
                         double x, double y, double side, struct iso_svg *s)
{
    const bool linked = r->files && r->name[i][0] == '/';
    char tip[ISO_SHOWN_NAME + 128];
    put_tip(m, r, i, tip, sizeof tip);
    if (linked)
        put_link(s->out, r->name[i]);
    ISO_TRY(iso_svg_image(s, x, y, side, side, pixels_of(r, i), r->size, tip));
    if (linked)
        fputs("</a>\n", s->out);
    return ISO_OK;
}

/* Writes the id, or the last part of the path, below an image. */
static void draw_name(const struct iso_shown_rows *r, int i, double x, double y, double width,
                      enum iso_anchor anchor, struct iso_svg *s)
{
    char text[128];
    if (*r->name[i])
        iso_svg_text(s, x, y, anchor, "muted tiny", "%s",
                     iso_text_fit(r->files ? iso_path_base(r->name[i]) : r->name[i], 1.2 * width,
                                  text, sizeof text));
}

/* ---- Images -------------------------------------------------------------------------------- */

static iso_rc draw_images(const struct iso_measured *m, const struct iso_shown_rows *r, int columns,
                          struct iso_svg *s)
{
    const double cell = (double)WIDTH / columns, side = cell - 8;
    const double line = side + (has_names(r) ? 36 : 24);
    const int lines = (r->n + columns - 1) / columns;
    for (int i = 0; i < r->n; i++) {
        const double x = cell * (i % columns), y = TITLE + line * (i / columns);
        char buf[16], text[64];
        const char *class = truth_of(m, r, i, buf);
        ISO_TRY(draw_image(m, r, i, x + 4, y, side, s));
        draw_name(r, i, x + cell / 2, y + side + 26, cell, ISO_MIDDLE, s);
        iso_svg_text(s, x + cell / 2, y + side + 14, ISO_MIDDLE, "muted", "%s",
                     iso_text_fit(class, cell - 2, text, sizeof text));
    }
    s->height = TITLE + line * lines;
    return ISO_OK;
}

iso_rc iso_draw_images(const struct iso_measured *m, const struct iso_shown_rows *r, int columns,
                       const char *name, const char *title, struct iso_svg *s)
{
    ISO_TRY(iso_svg_begin(s, name, WIDTH, 0));
    draw_title(s, title);
    ISO_TRY(draw_images(m, r, columns, s));
    return iso_svg_end(s);
}

/* ---- Predictions --------------------------------------------------------------------------- */

enum { COLUMNS = 3, BARS = 10, BAR_HEIGHT = 52, LINE = 112, NAME = 12 };

/* Selects the classes whose bars are drawn: all, or, if there are too many, the largest and the
 * true one, in their own order. */
static int choose_bars(const struct iso_shown_rows *r, int i, int chosen[BARS])
{
    const float *p = r->probabilities + (int64_t)i * r->classes;
    int n = 0;
    for (int c = 0; c < r->classes; c++) {
        int larger = 0;
        for (int k = 0; k < r->classes; k++)
            larger += p[k] > p[c] || (p[k] == p[c] && k < c);
        if (n < BARS && (r->classes <= BARS || larger < BARS - 1 || c == r->label[i]))
            chosen[n++] = c;
    }
    return n;
}

static void draw_bars(const struct iso_measured *m, struct iso_svg *s, int i, double x, double y)
{
    const struct iso_shown_rows *r = &m->predictions;
    int chosen[BARS];
    const int n = choose_bars(r, i, chosen);
    for (int k = 0; k < n; k++) {
        const int c = chosen[k];
        const double p = (double)r->probabilities[(int64_t)i * r->classes + c];
        const double height = BAR_HEIGHT * (p > 0 ? p : 0);
        char buf[16], tip[128];
        const bool told = c == r->label[i] || c == r->predicted[i];
        snprintf(tip, sizeof tip, "%s: %.2f %%", iso_class_text(m, c, buf), 100 * p);
        iso_svg_rect(s, x + 7.6 * k, y + BAR_HEIGHT - height, 6.4, fmax(height, 0.6), 1,
                     c == r->label[i]       ? "right"
                     : c == r->predicted[i] ? "wrong"
                                            : "bar",
                     tip);
        if (told && (r->classes <= BARS))
            iso_svg_text(s, x + 7.6 * k + 3.2, y + BAR_HEIGHT + 10, ISO_MIDDLE, "muted tiny", "%d",
                         c);
    }
    iso_svg_line(s, x, y + BAR_HEIGHT, x + 7.6 * BARS, y + BAR_HEIGHT, "axis");
}

static iso_rc draw_prediction(const struct iso_measured *m, struct iso_svg *s, int i, double x,
                              double y)
{
    const struct iso_shown_rows *r = &m->predictions;
    const double cell = (double)WIDTH / COLUMNS, side = 68;
    const bool right = r->predicted[i] == r->label[i];
    const float *p = r->probabilities + (int64_t)i * r->classes;
    char a[16], b[16], text[128], fit[128];
    ISO_TRY(draw_image(m, r, i, x, y, side, s));
    draw_name(r, i, x, y + side + (right ? 28 : 42), cell - 8, ISO_LEFT, s);
    draw_bars(m, s, i, x + side + 5, y + 4);
    snprintf(text, sizeof text, "%s %.0f %% %s", right ? "\xe2\x9c\x93" : "\xe2\x9c\x97",
             100 * (double)p[r->predicted[i]], iso_class_text(m, r->predicted[i], a));
    iso_svg_text(s, x, y + side + 15, ISO_LEFT, right ? "right strong" : "wrong strong", "%s",
                 iso_text_fit(text, cell - 8, fit, sizeof fit));
    if (!right)
        snprintf(text, sizeof text, "true: %s", iso_class_text(m, r->label[i], b));
    if (!right)
        iso_svg_text(s, x, y + side + 29, ISO_LEFT, "muted", "%s",
                     iso_text_fit(text, cell - 8, fit, sizeof fit));
    return ISO_OK;
}

iso_rc iso_draw_predictions(const struct iso_measured *m, struct iso_svg *s)
{
    const int n = m->predictions.n, line = LINE + (has_names(&m->predictions) ? NAME : 0);
    char title[96];
    ISO_TRY(iso_svg_begin(s, "predictions", WIDTH, TITLE + line * ((n + COLUMNS - 1) / COLUMNS)));
    snprintf(title, sizeof title, "predictions on the %s data, the worst mistakes first",
             m->predicted_split);
    draw_title(s, title);
    for (int i = 0; i < n; i++)
        ISO_TRY(draw_prediction(m, s, i, (double)WIDTH / COLUMNS * (i % COLUMNS),
                                TITLE + line * (double)(i / COLUMNS)));
    return iso_svg_end(s);
}

/* ---- Confusion matrix ---------------------------------------------------------------------- */

enum { NUMBERED = 25, MATRIX_LARGEST = 420 };

struct matrix {
    double left, top, cell;
    bool numbered;
};

static double row_sum(const struct iso_split *p, int64_t t)
{
    double sum = 0;
    for (int64_t c = 0; c < p->classes; c++)
        sum += p->last.matrix[t * p->classes + c];
    return sum;
}

static void draw_cell(const struct iso_measured *m, const struct iso_split *p,
                      const struct matrix *f, struct iso_svg *s, int64_t t, int64_t c, double sum)
{
    const double count = p->last.matrix[t * p->classes + c], share = sum > 0 ? count / sum : 0;
    const double x = f->left + f->cell * (double)c, y = f->top + f->cell * (double)t;
    const double opacity = sqrt(share);
    char a[16], b[16], tip[192];
    if (count > 0) {
        snprintf(tip, sizeof tip, "true %s, predicted as %s: %.0f of %.0f (%.1f %%)",
                 iso_class_text(m, (int)t, a), iso_class_text(m, (int)c, b), count, sum,
                 100 * share);
        iso_svg_rect(s, x, y, f->cell - 1, f->cell - 1, opacity, "heat", tip);
    }
    if (f->numbered)
        iso_svg_text(s, x + f->cell / 2 - 0.5, y + f->cell / 2 + 3.5, ISO_MIDDLE,
                     opacity > 0.6 ? "on-heat tiny"
                     : count > 0   ? "ink tiny"
                                   : "muted tiny",
                     "%.0f", count);
}

/* True if every class's name has room above its column. */
static bool names_fit(const struct iso_measured *m, const struct iso_split *p, double cell)
{
    char buf[16];
    for (int64_t c = 0; c < p->classes; c++)
        if (iso_text_width(iso_class_text(m, (int)c, buf)) > cell)
            return false;
    return true;
}

/* Writes the classes' names at the left and, if they fit above a cell, at the top; otherwise
 * numbers at the top, and both at the left. */
static void draw_names(const struct iso_measured *m, const struct iso_split *p,
                       const struct matrix *f, struct iso_svg *s)
{
    const int every = f->numbered ? 1 : (int)ceil(14 / f->cell);
    const bool fit = names_fit(m, p, f->cell);
    for (int64_t c = 0; c < p->classes; c += every) {
        const double at = f->cell * ((double)c + 0.5);
        char buf[16], text[64], number[16], both[96];
        const char *name = iso_class_text(m, (int)c, buf);
        snprintf(number, sizeof number, "%d", (int)c);
        snprintf(both, sizeof both, "%s %s", name, number);
        iso_svg_text(s, f->left - 6, f->top + at + 4, ISO_RIGHT, "ink", "%s",
                     iso_text_fit(fit ? name : both, f->left - 8, text, sizeof text));
        if (f->numbered || c % (2 * every) == 0)
            iso_svg_text(s, f->left + at, f->top - 6, ISO_MIDDLE, "ink", "%s", fit ? name : number);
    }
}

static double widest_name(const struct iso_measured *m, const struct iso_split *p)
{
    double widest = 0;
    char buf[16];
    for (int64_t c = 0; c < p->classes; c++)
        widest = fmax(widest, iso_text_width(iso_class_text(m, (int)c, buf)));
    return fmin(widest, 110);
}

iso_rc iso_draw_confusion(const struct iso_measured *m, const struct iso_split *p,
                          struct iso_svg *s)
{
    const int64_t n = p->classes;
    char name[32], title[96];
    struct matrix f = { .left = fmax(52, 30 + widest_name(m, p)),
                        .top = TITLE + 42,
                        .numbered = n <= NUMBERED };
    f.cell = fmin(n <= 6 ? 76 : 40, (n <= 12 ? WIDTH - f.left : MATRIX_LARGEST) / (double)n);
    snprintf(name, sizeof name, "confusion-%s", p->name);
    ISO_TRY(iso_svg_begin(s, name, fmax(WIDTH, f.left + f.cell * (double)n + 2),
                          f.top + f.cell * (double)n + 4));
    snprintf(title, sizeof title, "confusion matrix, %s data", p->name);
    draw_title(s, title);
    iso_svg_text(s, f.left, f.top - 24, ISO_LEFT, "muted", "predicted \xe2\x86\x92");
    iso_svg_text(s, f.left - 6, f.top - 24, ISO_RIGHT, "muted", "true \xe2\x86\x93");
    draw_names(m, p, &f, s);
    for (int64_t t = 0; t < n; t++) {
        const double sum = row_sum(p, t);
        for (int64_t c = 0; c < n; c++)
            draw_cell(m, p, &f, s, t, c, sum);
    }
    return iso_svg_end(s);
}
