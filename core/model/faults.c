/* faults.c: collects, orders and prints the faults of a model file. */
#include "faults.h"

#include "core/text/printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USES = 64 }; /* bytes of a fault's text that are left for its uses */
#define USED_AT " (used at "

/* True if b, without its uses, is at the location of a and says the same. */
static bool same_fault(const struct iso_fault *a, const struct iso_fault *b)
{
    const size_t n = strlen(b->text);
    const char *rest = a->text + n;
    return a->location.line == b->location.line && a->location.column == b->location.column &&
           strncmp(a->text, b->text, n) == 0 &&
           (*rest == '\0' || strncmp(rest, USED_AT, sizeof USED_AT - 1) == 0);
}

/* " (used at 12:9, used at 40:5)": from the inside out, as far as there is room. */
static void add_uses(const struct iso_location *location, char *text, size_t n)
{
    size_t used = strlen(text);
    const char *before = USED_AT;
    for (const struct iso_location *p = location->used_at; p != NULL && used + 40 < n;
         p = p->used_at) {
        used += (size_t)snprintf(text + used, n - used, "%s%d:%d", before, p->line, p->column);
        before = ", used at ";
    }
    if (location->used_at != NULL && used + 1 < n)
        snprintf(text + used, n - used, ")");
}

void iso_faults_add(struct iso_faults *faults, struct iso_location location, const char *fmt, ...)
{
    struct iso_fault fault = { .location = { location.file, location.line, location.column,
                                             NULL } };
    va_list args;
    va_start(args, fmt);
    vsnprintf(fault.text, sizeof fault.text - USES, fmt, args);
    va_end(args);
    iso_printable(fault.text, false);

    /* An alias, or two uses of a layer block, repeat a fault; it is told once. */
    int kept = faults->count < ISO_FAULTS_MAX ? faults->count : ISO_FAULTS_MAX;
    for (int i = 0; i < kept; i++)
        if (same_fault(&faults->list[i], &fault))
            return;
    add_uses(&location, fault.text, sizeof fault.text);
    if (kept < ISO_FAULTS_MAX)
        faults->list[kept] = fault;
    faults->count++;
}

void iso_faults_add_failure(struct iso_faults *faults, struct iso_location location,
                            const char *fmt, ...)
{
    char text[sizeof faults->list[0].text], why[sizeof text];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    iso_faults_add(faults, location, "%s: %s", text, iso_error_take(why, sizeof why));
}

static int by_location(const void *left, const void *right)
{
    const struct iso_fault *a = *(const struct iso_fault *const *)left;
    const struct iso_fault *b = *(const struct iso_fault *const *)right;
    if (a->location.line != b->location.line)
        return a->location.line < b->location.line ? -1 : 1;
    if (a->location.column != b->location.column)
        return a->location.column < b->location.column ? -1 : 1;
    return a < b ? -1 : a > b; /* as they were found */
}

void iso_faults_print(const struct iso_faults *faults, void *stream)
{
    const struct iso_fault *order[ISO_FAULTS_MAX];
    int kept = faults->count < ISO_FAULTS_MAX ? faults->count : ISO_FAULTS_MAX;
    for (int i = 0; i < kept; i++)
        order[i] = &faults->list[i];
    qsort(order, (size_t)kept, sizeof order[0], by_location);
    for (int i = 0; i < kept; i++) {
        const struct iso_location *p = &order[i]->location;
        char file[4096];
        iso_shown(p->file, file, sizeof file);
        if (p->line > 0)
            fprintf(stream, "%s:%d:%d: %s\n", file, p->line, p->column, order[i]->text);
        else
            fprintf(stream, "%s: %s\n", file, order[i]->text);
    }
    if (faults->count > kept)
        fprintf(stream, "... and %d more faults\n", faults->count - kept);
}
