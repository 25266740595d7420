/* chart.h: lines and bars with axes and a legend, drawn into a rectangle of a picture. A page's
 * script (page.js) finds in attributes what it needs to draw a chart anew: smoothed, on another
 * scale, or with lines hidden. */
#ifndef ISO_REPORT_CHART_H
#define ISO_REPORT_CHART_H
#include "svg.h"

enum { ISO_CHART_SERIES = 64, ISO_CHART_MARKS = 64, ISO_CHART_POINTS = 1000 };
struct iso_series {
    const char *label;   /* in the legend; NULL: none of its own */
    const double *x, *y; /* [n], borrowed; where one is NaN or infinite there is a
                            gap */
    int64_t n;
    int look;   /* its colour, and beyond those its dashes */
    bool faint; /* thin and pale, behind the others */
    bool right; /* belongs to the axis at the right */
};
struct iso_chart {
    const char *title, *x_label;
    const char *y_label, *y2_label; /* at the tops of the axes; NULL: the title says it */
    bool whole;                     /* x counts something: no ticks between whole numbers */
    bool log_fits;                  /* y is a log scale where it spans much */
    struct iso_series series[ISO_CHART_SERIES];
    int nseries;
    struct iso_mark {
        double x;
        const char *label;
    } marks[ISO_CHART_MARKS];
    int nmarks;
    bool has_best; /* an epoch that is the best, marked at best_x */
    double best_x;
};
/* Adds a series; more than fit are left out. */
void iso_chart_add(struct iso_chart *, const struct iso_series *);
/* True if any series has a point to show. */
bool iso_chart_has_points(const struct iso_chart *);
/* Draws into [x, x + width] x [y, y + height]. Of a series of many points each k-th is drawn, and
 * the last. */
void iso_chart_draw(struct iso_svg *, const struct iso_chart *, double x, double y, double width,
                    double height);

struct iso_bar {
    char label[64];
    double piece[3];
}; /* pieces behind each other, none NaN */
/* Horizontal bars, one below the other, each with its sum; names: of the pieces, NULL-terminated.
 * unit: "ms". Returns the height that was used. */
double iso_bars_draw(struct iso_svg *, const struct iso_bar *, int n, const char *const *names,
                     const char *unit, double y);
#endif
