#include "reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Positions have one decimal, so that one is off by up to this; a tick's text stands by another
 * such position. */
static const double ROUNDED = 0.05;

const char *reading_of(const struct iso_svg *s)
{
    static char text[1 << 20];
    assert_true(s->size < sizeof text);
    memcpy(text, s->body, s->size);
    text[s->size] = '\0';
    return text;
}

double reading_attribute(const char *element, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, " %s=\"", name);
    const char *at = strstr(element, key), *end = strchr(element, '>');
    if (at == NULL || end == NULL || at > end)
        fail_msg("no %s in %.60s", name, element);
    return at != NULL ? strtod(at + strlen(key), NULL) : 0;
}

const char *reading_text(const char *from, const char *content)
{
    char want[READING_TEXT];
    snprintf(want, sizeof want, ">%s</text>", content);
    const char *at = strstr(from, want);
    if (at == NULL)
        fail_msg("no text says \"%s\"", content);
    while (at != NULL && at > from && *at != '<')
        at--;
    return at;
}

int reading_count(const char *text, const char *words)
{
    int n = 0;
    for (; (text = strstr(text, words)) != NULL; text++)
        n++;
    return n;
}

/* ---- Ticks --------------------------------------------------------------------------------- */

/* A tick's number: "0.25", "20k", "1.5M"; false for other texts. */
static bool number_of(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    if (end == text)
        return false;
    if (*end == 'k' || *end == 'M')
        *value *= *end++ == 'k' ? 1e3 : 1e6;
    return *end == '<';
}

/* Texts of an axis stand 4 below the line that they name, or in the middle of it. */
static int read_ticks(const char *at, bool across, double *value, double *position)
{
    const char *end = across ? at + strlen(at) : strstr(at, "</g>");
    int n = 0;
    while ((at = strstr(at, "<text")) != NULL && at < end && n < 32) {
        if (number_of(strchr(at, '>') + 1, &value[n])) {
            position[n] = reading_attribute(at, across ? "x" : "y") - (across ? 0 : 4);
            n++;
        }
        at++;
    }
    return n;
}

struct reading_axis reading_ticks(const char *picture, const char *name, bool log)
{
    double value[32], at[32];
    char group[64];
    const bool across = strcmp(name, "x-axis") == 0;
    snprintf(group, sizeof group, "<g class=\"%s\">", name);
    const char *from = strstr(picture, across ? "<line class=\"axis\"" : group);
    if (from == NULL)
        fail_msg("no %s", name);
    const int n = read_ticks(from, across, value, at);
    assert_true(n >= 2);
    for (int i = 0; log && i < n; i++)
        value[i] = log10(value[i]);
    struct reading_axis a = { .log = log, .b = (value[n - 1] - value[0]) / (at[n - 1] - at[0]) };
    a.a = value[0] - a.b * at[0];
    for (int i = 0; i < n; i++)
        assert_true(fabs(a.a + a.b * at[i] - value[i]) <= 4 * ROUNDED * fabs(a.b));
    return a;
}

double reading_value(const struct reading_axis *a, double at)
{
    const double value = a->a + a->b * at;
    return a->log ? pow(10, value) : value;
}

double reading_slack(const struct reading_axis *a, double at)
{
    const double one = 4 * ROUNDED * fabs(a->b);
    return a->log ? reading_value(a, at) * (pow(10, one) - 1) : one;
}

/* ---- Lines --------------------------------------------------------------------------------- */

static const char *series_of(const char *picture, const char *label, int nth)
{
    char want[READING_TEXT];
    snprintf(want, sizeof want, "data-label=\"%s\">\n<path", label);
    const char *at = picture;
    for (int i = 0; at != NULL && i <= nth; i++)
        at = strstr(at + (i > 0), want);
    if (at == NULL)
        fail_msg("there is no line %d of \"%s\"", nth, label);
    return at;
}

void reading_path(const char *picture, const char *label, int nth, struct reading_line *out)
{
    const char *at = strstr(series_of(picture, label, nth), " d=\"") + 4;
    out->n = 0;
    while (*at == 'M' || *at == 'L') {
        char *end;
        assert_true(out->n < READING_POINTS);
        out->joined[out->n] = *at == 'L';
        out->x[out->n] = strtod(at + 1, &end);
        out->y[out->n++] = strtod(end, &end);
        at = strncmp(end, "h0", 2) == 0 ? end + 2 : end;
    }
    assert_int_equal(*at, '"');
}

static void is_near(const struct reading_axis *a, double at, double want)
{
    if (!(fabs(reading_value(a, at) - want) <= reading_slack(a, at)))
        fail_msg("a point at %.1f is worth %g, not %g", at, reading_value(a, at), want);
}

void reading_shows(const char *picture, const char *label, int nth, const struct reading_axis *x,
                   const struct reading_axis *y, int n, const double *want_x, const double *want_y)
{
    static struct reading_line line;
    reading_path(picture, label, nth, &line);
    assert_int_equal(line.n, n);
    for (int i = 0; i < n; i++) {
        is_near(x, line.x[i], want_x[i]);
        is_near(y, line.y[i], want_y[i]);
    }
}
