/* axis.h: maps numbers to positions in a picture, with ticks at round numbers. */
#ifndef ISO_REPORT_AXIS_H
#define ISO_REPORT_AXIS_H
#include <stdbool.h>

enum { ISO_TICKS = 32, ISO_TICK_TEXT = 24 };
struct iso_axis {
    double from, to; /* numbers at its ends; on a log scale their logarithms */
    double step;     /* distance of two ticks; not used on a log scale */
    bool log;
    double begin, end; /* positions of the ends in the picture */
};
/* Makes an axis over numbers from least to most, both finite, with about `ticks` ticks. whole:
 * steps are whole numbers. log: a log scale; least must be > 0. The caller sets begin and end. */
struct iso_axis iso_axis_over(double least, double most, int ticks, bool whole, bool log);
double iso_axis_at(const struct iso_axis *, double value);
/* Writes the ticks on the axis and returns their number, at most ISO_TICKS. */
int iso_axis_ticks(const struct iso_axis *, double values[ISO_TICKS]);
/* "0.25", "20k", "1e-5". Returns buf. */
const char *iso_tick_text(const struct iso_axis *, double value, char buf[ISO_TICK_TEXT]);
#endif
