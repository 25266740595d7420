/* error.c: messages, checked allocation and the small arithmetic of shapes. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/iso.h"
#include "printable.h"

enum { MESSAGE_SIZE = 8192 };
static _Thread_local char message[MESSAGE_SIZE];
static _Thread_local long allocations_left = -1; /* -1: no failure is planted */

/* The arguments may be the old message. What they name may come from outside: only the format has
 * line breaks. */
static void put(const char *fmt, va_list args, const char *then)
{
    char text[MESSAGE_SIZE] = "";
    vsnprintf(text, sizeof text, fmt, args);
    const int n = (int)strlen(iso_printable(text, strchr(fmt, '\n') != NULL));
    if ((size_t)n < sizeof text)
        snprintf(text + n, sizeof text - (size_t)n, "%s", then);
    memcpy(message, text, sizeof message);
}

iso_rc iso_fail(iso_rc rc, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put(fmt, args, "");
    va_end(args);
    return rc;
}

iso_rc iso_fail_prefix(iso_rc rc, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put(fmt, args, message);
    va_end(args);
    return rc;
}

const char *iso_error(void) { return message; }

char *iso_error_take(char *buf, size_t n)
{
    snprintf(buf, n, "%s", message);
    iso_error_clear();
    return buf;
}

iso_rc iso_error_put(iso_rc rc, const char *text)
{
    char whole[MESSAGE_SIZE] = "";
    snprintf(whole, sizeof whole, "%s", text); /* text may be the message */
    memcpy(message, iso_printable(whole, true), sizeof message);
    return rc;
}

void iso_error_clear(void) { message[0] = '\0'; }

const char *iso_rc_text(iso_rc rc)
{
    switch (rc) {
#define TEXT(name, value, text) \
    case ISO_##name: return text;
        ISO_RC_MAP(TEXT)
#undef TEXT
    }
    return "unknown error code";
}

/* Counts one allocation; true when it is the one that a test wants to fail. */
static bool failure_is_planted(void)
{
    if (allocations_left < 0)
        return false;
    return allocations_left-- == 0;
}

void *iso_alloc(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        iso_fail(ISO_ENOMEM, "out of memory: %zu elements of %zu bytes exceed every address", count,
                 size);
        return NULL;
    }
    size_t bytes = count * size;
    void *memory = failure_is_planted() ? NULL : calloc(bytes != 0 ? bytes : 1, 1);
    if (memory == NULL)
        iso_fail(ISO_ENOMEM, "out of memory: could not get %zu bytes (try a smaller batch)", bytes);
    return memory;
}

void iso_alloc_fail_after(long n) { allocations_left = n; }

int64_t iso_shape_count(const struct iso_shape *s)
{
    int64_t count = 1;
    for (int i = 0; i < s->ndim; i++)
        count *= s->dim[i];
    return count;
}

bool iso_times(int64_t *product, int64_t by)
{
    if (by < 0 || (by > 0 && *product > INT64_MAX / by))
        return false;
    *product *= by;
    return true;
}

bool iso_shape_countable(const struct iso_shape *s)
{
    int64_t bytes = sizeof(double);
    for (int i = 0; i < s->ndim; i++)
        if (s->dim[i] != 0 && !iso_times(&bytes, s->dim[i]))
            return false;
    return true;
}

bool iso_shape_equal(const struct iso_shape *a, const struct iso_shape *b)
{
    if (a->ndim != b->ndim)
        return false;
    for (int i = 0; i < a->ndim; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

const char *iso_shape_text(const struct iso_shape *s, int from, char *buf, size_t n)
{
    size_t used = 0;
    if (n != 0)
        buf[0] = '\0';
    for (int i = from; i < s->ndim && used < n; i++) {
        int wrote = snprintf(buf + used, n - used, "%s%" PRId64, i > from ? "x" : "", s->dim[i]);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    return buf;
}
