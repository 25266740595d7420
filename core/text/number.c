/* number.c: the C library reads and prints numbers correctly rounded, but by the user's locale;
 * here its work is done under the "C" locale, of this thread only. */
#include "number.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 40 }; /* a fraction's numerator with its NUL */

struct c_locale {
    locale_t c, before;
};

/* When the system has no memory for a locale, the user's stays: a comma locale then refuses "0.5"
 * (a fault), it never reads another number. */
static void c_locale_enter(struct c_locale *l)
{
    l->c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    l->before = l->c != NULL ? uselocale(l->c) : (locale_t)0;
}

static void c_locale_leave(struct c_locale *l)
{
    if (l->c == NULL)
        return;
    uselocale(l->before);
    freelocale(l->c);
}

static const char *skip_digits(const char *s)
{
    while (*s >= '0' && *s <= '9')
        s++;
    return s;
}

static const char *skip_sign(const char *s) { return *s == '-' || *s == '+' ? s + 1 : s; }

enum iso_number iso_number_int(const char *text, int64_t *out)
{
    const char *digits = skip_sign(text), *end = skip_digits(digits);
    if (end == digits || *end || (digits[0] == '0' && end > digits + 1))
        return ISO_NUMBER_BAD;
    errno = 0;
    intmax_t value = strtoimax(text, NULL, 10);
    if (errno == ERANGE || value < INT64_MIN || value > INT64_MAX)
        return ISO_NUMBER_RANGE;
    *out = value;
    return ISO_NUMBER_OK;
}

/* [-+]? (digits [. digits?] | . digits) ([eE] [-+]? digits)?  No hex, infinity or NaN. */
static bool is_decimal(const char *s)
{
    s = skip_sign(s);
    const char *whole = s;
    s = skip_digits(s);
    bool digits = s > whole;
    if (*s == '.') {
        const char *fraction = s + 1;
        s = skip_digits(fraction);
        digits = digits || s > fraction;
    }
    if (!digits)
        return false;
    if (*s == 'e' || *s == 'E') {
        const char *exponent = skip_sign(s + 1);
        s = skip_digits(exponent);
        if (s == exponent)
            return false;
    }
    return *s == '\0';
}

static enum iso_number read_decimal(const char *text, double *out)
{
    if (!is_decimal(text))
        return ISO_NUMBER_BAD;
    struct c_locale locale;
    c_locale_enter(&locale);
    char *end;
    double value = strtod(text, &end);
    c_locale_leave(&locale);
    if (*end)
        return ISO_NUMBER_BAD;
    bool zero = strspn(text, "+-0.") == strcspn(text, "eE");
    if (!isfinite(value) || (value == 0 && !zero))
        return ISO_NUMBER_RANGE;
    *out = value;
    return ISO_NUMBER_OK;
}

enum iso_number iso_number_real(const char *text, double *out)
{
    const char *slash = strchr(text, '/');
    if (slash == NULL)
        return read_decimal(text, out);
    char first[TEXT];
    size_t n = (size_t)(slash - text);
    if (n >= sizeof first)
        return ISO_NUMBER_BAD;
    memcpy(first, text, n);
    first[n] = '\0';
    double above, below;
    enum iso_number rc = read_decimal(first, &above);
    if (rc == ISO_NUMBER_OK)
        rc = read_decimal(slash + 1, &below);
    if (rc != ISO_NUMBER_OK)
        return rc;
    if (below == 0)
        return ISO_NUMBER_RANGE;
    double value = above / below;
    if (!isfinite(value) || (value == 0 && above != 0))
        return ISO_NUMBER_RANGE;
    *out = value;
    return ISO_NUMBER_OK;
}

const char *iso_number_text(double value, char *buf, size_t n)
{
    if (isnan(value)) {
        snprintf(buf, n, "none");
        return buf;
    }
    struct c_locale locale;
    c_locale_enter(&locale);
    if (fabs(value) < 1e15 && value == floor(value))
        snprintf(buf, n, "%.0f", value);
    else
        for (int digits = 1; digits <= 17; digits++) {
            snprintf(buf, n, "%.*g", digits, value);
            if (strtod(buf, NULL) == value)
                break;
        }
    c_locale_leave(&locale);
    return buf;
}

static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
enum { UNITS = sizeof units / sizeof *units };

enum iso_number iso_number_bytes(const char *text, int64_t *out)
{
    const size_t length = strlen(text);
    for (int i = 0; i < UNITS; i++) {
        const size_t unit = strlen(units[i]);
        char number[TEXT];
        double value;
        if (length <= unit || length >= sizeof number ||
            strcmp(text + length - unit, units[i]) != 0)
            continue;
        const size_t n = length - unit - (text[length - unit - 1] == ' ');
        memcpy(number, text, n);
        number[n] = '\0';
        if (strchr(number, '/') != NULL || iso_number_real(number, &value) != ISO_NUMBER_OK)
            return ISO_NUMBER_BAD;
        value *= pow(1024, i + 1);
        if (!(fabs(value) < 9e18))
            return ISO_NUMBER_RANGE;
        *out = (int64_t)value;
        return ISO_NUMBER_OK;
    }
    return iso_number_int(text, out);
}

const char *iso_number_bytes_text(int64_t bytes, char *buf, size_t n)
{
    int unit = 0;
    for (; unit < UNITS && bytes != 0 && bytes % 1024 == 0; unit++)
        bytes /= 1024;
    snprintf(buf, n, "%" PRId64 "%s%s", bytes, unit > 0 ? " " : "",
             unit > 0 ? units[unit - 1] : "");
    return buf;
}
