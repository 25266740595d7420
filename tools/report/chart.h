/* chart.h: lines and bars with axes and a legend, drawn into a rectangle of a picture. Attributes
 * contain the data with which a page's script (page.js) draws a chart again: smoothed, on another
 * scale, or with lines hidden. */
#ifndef ISO_REPORT_CHART_H
#define ISO_REPORT_CHART_H
#include "svg.h"

enum { ISO_CHART_SERIES = 64, ISO_CHART_MARKS = 64, ISO_CHART_POINTS = 1000 };
struct iso_series {
    const char *label;   /* name in the legend; NULL: no entry */
    const double *x, *y; /* [n], borrowed; a NaN or infinite number leaves a gap */
    int64_t n;
    int look;   /* index of its colour and, beyond the colours, its dashes */
    bool faint; /* thin and pale, behind the others */
    bool right; /* uses the axis at the right */
};
struct iso_chart {
    const char *title, *x_label;
    const char *y_label, *y2_label; /* labels at the tops of the axes; NULL: none */
    bool whole;                     /* x is a count: no ticks between whole numbers */
    bool log_fits;                  /* use a log scale for y if it has a wide range */
    struct iso_series series[ISO_CHART_SERIES];
    int nseries;
    struct iso_mark {
        double x;
        const char *label;
    } marks[ISO_CHART_MARKS];
    int nmarks;
    bool has_best; /* mark the best epoch at best_x */
    double best_x;
};
/* Adds a series, unless the chart is full. */
void iso_chart_add(struct iso_chart *, const struct iso_series *);
/* Returns true if any series has a point to show. */
bool iso_chart_has_points(const struct iso_chart *);
/* Draws into [x, x + width] x [y, y + height]. Of a series with many points, draws every k-th and
 * the last. */
void iso_chart_draw(struct iso_svg *, const struct iso_chart *, double x, double y, double width,
                    double height);

struct iso_bar {
    char label[64];
    double piece[3];
}; /* pieces one after the other, none NaN */
/* Draws horizontal bars, one below the other, each with its sum. names: names of the pieces,
 * NULL-terminated. unit: "ms". Returns the height used. */
double iso_bars_draw(struct iso_svg *, const struct iso_bar *, int n, const char *const *names,
                     const char *unit, double y);
#endif
