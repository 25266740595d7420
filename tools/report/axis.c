#include "axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Returns the number nearest to x that is 1, 2 or 5 times a power of ten. */
static double nice(double x)
{
    const double power = pow(10, floor(log10(x)));
    const double share = x / power;
    return power * (share < 1.5 ? 1 : share < 3.2 ? 2 : share < 7.1 ? 5 : 10);
}

static struct iso_axis log_axis(double least, double most)
{
    struct iso_axis a = { .from = log10(least), .to = log10(most), .log = true };
    const double margin = 0.04 * (a.to - a.from);
    a.from -= margin;
    a.to += margin;
    return a;
}

struct iso_axis iso_axis_over(double least, double most, int ticks, bool whole, bool log)
{
    if (log && least > 0 && most > least)
        return log_axis(least, most);
    struct iso_axis a = { .from = least, .to = most };
    if (!(most - least > 1e-12 * fmax(fabs(least), fabs(most)))) { /* one number */
        const double margin = whole ? 0.5 : least != 0 ? fabs(least) / 2 : 0.5;
        a.from -= margin;
        a.to += margin;
    } else if (!whole) {
        const double margin = 0.04 * (most - least);
        a.from = least >= 0 && least < margin ? 0 : least - margin;
        a.to += margin;
    }
    a.step = nice((a.to - a.from) / ticks);
    if (whole && a.step < 1)
        a.step = 1;
    return a;
}

double iso_axis_at(const struct iso_axis *a, double value)
{
    const double v = a->log ? log10(value) : value;
    return a->begin + (a->end - a->begin) * (v - a->from) / (a->to - a->from);
}

/* Returns powers of ten, and 2 and 5 times each if there are few. */
static int log_ticks(const struct iso_axis *a, double values[ISO_TICKS])
{
    static const double between[] = { 1, 2, 5 };
    const double decades = a->to - a->from;
    const int each = decades < 3 ? 3 : 1;
    const int stride = decades > 8 ? (int)ceil(decades / 8) : 1;
    int n = 0;
    for (int p = (int)floor(a->from); p <= (int)ceil(a->to); p += stride)
        for (int k = 0; k < each && n < ISO_TICKS; k++) {
            const double value = between[k] * pow(10, p), at = log10(value);
            if (at >= a->from && at <= a->to)
                values[n++] = value;
        }
    return n;
}

int iso_axis_ticks(const struct iso_axis *a, double values[ISO_TICKS])
{
    int n = 0;
    if (a->log)
        return log_ticks(a, values);
    const double tolerance = 1e-9 * a->step;
    for (double i = ceil((a->from - tolerance) / a->step); n < ISO_TICKS; i++) {
        const double value = i * a->step;
        if (value > a->to + tolerance)
            break;
        values[n++] = value;
    }
    return n;
}

/* "1e-05" has a zero too many. */
static void shorten_exponent(char *text)
{
    char *e = strchr(text, 'e');
    if (e == NULL)
        return;
    char *from = e + 1, *to = e + 1;
    if (*from == '-')
        to = ++from;
    else if (*from == '+')
        from++;
    while (*from == '0' && from[1])
        from++;
    memmove(to, from, strlen(from) + 1);
}

const char *iso_tick_text(const struct iso_axis *a, double value, char buf[ISO_TICK_TEXT])
{
    const double largest = a->log ? fabs(value) : fmax(fabs(a->from), fabs(a->to));
    if (fabs(value) < 1e-12 * largest)
        strcpy(buf, "0");
    else if (largest >= 1e6 && largest < 1e9)
        snprintf(buf, ISO_TICK_TEXT, "%.6gM", value / 1e6);
    else if (largest >= 1e4 && largest < 1e6)
        snprintf(buf, ISO_TICK_TEXT, "%.6gk", value / 1e3);
    else
        snprintf(buf, ISO_TICK_TEXT, "%.6g", value);
    shorten_exponent(buf);
    return buf;
}
