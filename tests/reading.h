/* reading.h: reads a picture of a report as a person does: a point is worth what the ticks beside
 * it say, and a text is in the place where it stands. What cannot be read so fails the test. */
#ifndef ISO_TEST_READING_H
#define ISO_TEST_READING_H
#include "tools/report/svg.h"

#include <stdbool.h>

enum { READING_POINTS = 1200, READING_TEXT = 256 };

/* The text of an ended picture, to its end; the next call of this function replaces it. */
const char *reading_of(const struct iso_svg *);

/* Returns the number in name="..." of the element that begins at `element`. */
double reading_attribute(const char *element, const char *name);
/* Returns the element <text> with this content, from `from` on; fails if there is none. */
const char *reading_text(const char *from, const char *content);

/* Maps positions to numbers: `value` = a + b * position, or its logarithm. */
struct reading_axis {
    double a, b;
    bool log;
};
/* Reads the ticks of "x-axis", "y-axis" or "y2-axis". There must be two at least, all of which fit
 * one scale within the digits that a picture has. */
struct reading_axis reading_ticks(const char *picture, const char *name, bool log);
double reading_value(const struct reading_axis *, double at);
/* Returns how much a number may be off, which was drawn with one decimal at this position. */
double reading_slack(const struct reading_axis *, double at);

struct reading_line {
    int n;
    double x[READING_POINTS], y[READING_POINTS]; /* positions */
    bool joined[READING_POINTS];                 /* to the point before */
};
/* Reads the nth line, from 0, with this label; fails if there is none. */
void reading_path(const char *picture, const char *label, int nth, struct reading_line *);
int reading_count(const char *text, const char *words);
/* The nth line with a label shows these numbers, on these axes. */
void reading_shows(const char *picture, const char *label, int nth, const struct reading_axis *x,
                   const struct reading_axis *y, int n, const double *want_x, const double *want_y);
#endif
