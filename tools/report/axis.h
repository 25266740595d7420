/* axis.h: from numbers to positions on a picture, with ticks that people like to read. */
#ifndef ISO_REPORT_AXIS_H
#define ISO_REPORT_AXIS_H
#include <stdbool.h>

enum { ISO_TICKS = 32, ISO_TICK_TEXT = 24 };
struct iso_axis {
    double from, to; /* numbers at its ends; of a log scale their logarithms */
    double step;     /* between two ticks; of a log scale not used */
    bool log;
    double begin, end; /* where the ends lie on the picture */
};
/* An axis over numbers from least to most, both finite, for about `ticks` ticks. whole: steps are
 * whole numbers. log: a log scale, where least > 0. begin and end are left to the caller. */
struct iso_axis iso_axis_over(double least, double most, int ticks, bool whole, bool log);
double iso_axis_at(const struct iso_axis *, double value);
/* The ticks that lie on the axis; returns their number, at most ISO_TICKS. */
int iso_axis_ticks(const struct iso_axis *, double values[ISO_TICKS]);
/* "0.25", "20k", "1e-5". Returns buf. */
const char *iso_tick_text(const struct iso_axis *, double value, char buf[ISO_TICK_TEXT]);
#endif
