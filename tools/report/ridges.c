#include "ridges.h"

#include "axis.h"
#include "core/train/history_csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 480, PLOT = 214, TITLE = 28, SHOWN = 10, STEP = 11, TALL = 34, BELOW = 22 };

/* ---- Reading ------------------------------------------------------------------------------- */

static bool parse(const char *row, struct iso_ridge *r)
{
    const char *name = iso_csv_cell(row, 1);
    const size_t n = strcspn(name, ",\n");
    int64_t sum = 0;
    r->epoch = strtoll(row, NULL, 10);
    snprintf(r->tensor, sizeof r->tensor, "%.*s", (int)(n < sizeof r->tensor ? n : 0), name);
    const double count = iso_csv_number(row, 2);
    r->least = iso_csv_number(row, 3);
    r->largest = iso_csv_number(row, 4);
    for (int i = 0; i < ISO_HISTOGRAM_BINS; i++) {
        const double bin = iso_csv_number(row, 5 + i);
        if (!(bin >= 0 && bin < 1e15))
            return false;
        r->bins[i] = (int64_t)bin;
        sum += r->bins[i];
    }
    r->count = sum;
    return r->epoch > 0 && *r->tensor && count > 0 && (double)sum == count && isfinite(r->least) &&
           isfinite(r->largest) && r->least <= r->largest;
}

iso_rc iso_ridges_read(const char *folder, struct iso_ridges *out)
{
    char path[ISO_PATH], *text = NULL;
    size_t size = 0;
    int64_t rows = 0;
    *out = (struct iso_ridges){ .list = NULL };
    ISO_TRY(iso_path(path, folder, "histograms.csv"));
    if (iso_file_read(path, &text, &size) != ISO_OK) {
        iso_error_clear(); /* runs of older isocls have none */
        return ISO_OK;
    }
    for (const char *row = iso_csv_next(text); row != NULL; row = iso_csv_next(row))
        rows++;
    out->list = iso_alloc((size_t)rows + 1, sizeof *out->list);
    for (const char *row = out->list != NULL ? iso_csv_next(text) : NULL; row != NULL;
         row = iso_csv_next(row))
        out->n += strchr(row, '\n') != NULL && parse(row, &out->list[out->n]);
    free(text);
    return out->list != NULL ? ISO_OK : ISO_ENOMEM;
}

void iso_ridges_free(struct iso_ridges *r)
{
    free(r->list);
    *r = (struct iso_ridges){ .list = NULL };
}

const char *iso_ridges_weight(const struct iso_ridges *r, int i)
{
    for (int64_t k = 0; k < r->n && r->list[k].epoch == r->list[0].epoch; k++)
        if (strncmp(r->list[k].tensor, "d/", 2) != 0 && i-- == 0)
            return r->list[k].tensor;
    return NULL;
}

/* ---- Drawing ------------------------------------------------------------------------------- */

struct plot {
    struct iso_svg *svg;
    const struct iso_ridge *shown[SHOWN];
    int n;
    struct iso_axis x;
    double top;
};

/* Chooses epochs at equal distances, the first and the last among them. */
static void choose(struct plot *p, const struct iso_ridges *r, const char *tensor)
{
    int64_t all = 0, k = 0;
    for (int64_t i = 0; i < r->n; i++)
        all += strcmp(r->list[i].tensor, tensor) == 0;
    for (int64_t i = 0; i < r->n && p->n < SHOWN; i++) {
        if (strcmp(r->list[i].tensor, tensor) != 0)
            continue;
        const int64_t want = all <= SHOWN ? p->n : p->n * (all - 1) / (SHOWN - 1);
        if (k++ == want)
            p->shown[p->n++] = &r->list[i];
    }
}

static int64_t fullest(const struct iso_ridge *r)
{
    int64_t most = 1;
    for (int b = 0; b < ISO_HISTOGRAM_BINS; b++)
        most = r->bins[b] > most ? r->bins[b] : most;
    return most;
}

/* Each is as high as the others: where they are wide says more than how high. */
static void draw_ridge(const struct plot *p, int i)
{
    const struct iso_ridge *r = p->shown[i];
    const double base = p->top + TALL + STEP * (double)i;
    const double width = (r->largest - r->least) / ISO_HISTOGRAM_BINS;
    fprintf(p->svg->out, "<path class=\"ridge\" d=\"M%.1f %.1f", iso_axis_at(&p->x, r->least),
            base);
    for (int b = 0; b < ISO_HISTOGRAM_BINS; b++)
        fprintf(p->svg->out, "L%.1f %.1f", iso_axis_at(&p->x, r->least + (b + 0.5) * width),
                base - TALL * (double)r->bins[b] / (double)fullest(r));
    fprintf(p->svg->out, "L%.1f %.1f\"><title>epoch %lld: from %.4g to %.4g</title></path>\n",
            iso_axis_at(&p->x, r->largest), base, (long long)r->epoch, r->least, r->largest);
    if (i == 0 || i == p->n - 1)
        iso_svg_text(p->svg, p->x.end + 3, base + 3, ISO_LEFT, "muted tiny", "%lld",
                     (long long)r->epoch);
}

static void draw_axis(const struct plot *p)
{
    const double y = p->top + TALL + STEP * (double)(p->n - 1) + 3;
    double values[ISO_TICKS];
    char text[ISO_TICK_TEXT];
    const int n = iso_axis_ticks(&p->x, values);
    iso_svg_line(p->svg, p->x.begin, y, p->x.end, y, "axis");
    for (int i = 0; i < n; i++)
        iso_svg_text(p->svg, iso_axis_at(&p->x, values[i]), y + 13, ISO_MIDDLE, "muted tiny", "%s",
                     iso_tick_text(&p->x, values[i], text));
}

/* Returns the height; 0 where the file has no such tensor. */
static double draw_tensor(struct iso_svg *s, const struct iso_ridges *r, const char *tensor,
                          double left)
{
    struct plot p = { .svg = s, .top = TITLE };
    double least = INFINITY, largest = -INFINITY;
    char text[96];
    choose(&p, r, tensor);
    if (p.n == 0)
        return 0;
    for (int i = 0; i < p.n; i++) {
        least = fmin(least, p.shown[i]->least);
        largest = fmax(largest, p.shown[i]->largest);
    }
    p.x = iso_axis_over(least, largest, 3, false, false);
    p.x.begin = left + 6;
    p.x.end = left + PLOT - 6;
    iso_svg_text(s, left, 14, ISO_LEFT, "ink title", "%s",
                 iso_text_fit(tensor, 0.85 * PLOT, text, sizeof text));
    for (int i = 0; i < p.n; i++)
        draw_ridge(&p, i);
    draw_axis(&p);
    return p.top + TALL + STEP * (double)(p.n - 1) + BELOW;
}

iso_rc iso_draw_ridges(const struct iso_ridges *r, const char *weight, struct iso_svg *s)
{
    char gradient[ISO_NAME + 4], name[ISO_SVG_NAME];
    snprintf(gradient, sizeof gradient, "d/%.*s", ISO_NAME, weight);
    snprintf(name, sizeof name, "histograms-%.40s", weight);
    for (char *c = name; *c; c++)
        if (*c == '/' || *c == '_')
            *c = '-';
    ISO_TRY(iso_svg_begin(s, name, WIDTH, 0));
    iso_svg_title(s, "how the elements of %s and of its gradient are spread, epoch by epoch",
                  weight);
    const double left = draw_tensor(s, r, weight, 0);
    const double right = draw_tensor(s, r, gradient, WIDTH - PLOT - 16);
    s->height = fmax(fmax(left, right), TITLE);
    return iso_svg_end(s);
}
