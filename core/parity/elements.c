/* elements.c: a running digest of a result, noted after every element, or every few of them in a
 * large one. Two results that differ have the same digests up to the first element that differs,
 * and others from there on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "core/system/file.h"

enum { MOST_NOTES = 512, DIGITS = 4 };

static uint32_t bits_of(double value)
{
    const float f = (float)value;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return f != f ? 0x7fc00000u : bits;
}

void iso_elements_print(FILE *out, const char *name, const struct iso_array *a)
{
    const int64_t step = a->n > MOST_NOTES ? (a->n + MOST_NOTES - 1) / MOST_NOTES : 1;
    uint32_t digest = 0x811c9dc5u;
    fprintf(out, "%s:%" PRId64 ":%" PRId64 ":", name, a->n, step);
    for (int64_t i = 0; i < a->n; i++) {
        digest = (digest ^ bits_of(a->v[i])) * 0x9e3779b1u;
        digest ^= digest >> 15;
        if ((i + 1) % step == 0 || i + 1 == a->n)
            fprintf(out, "%0*" PRIx32, DIGITS, digest >> 16);
    }
    fputc(' ', out);
}

static void print_result(FILE *out, int group, int operand, const struct iso_array *a)
{
    char name[32];
    snprintf(name, sizeof name, "%s%d", iso_group_names[group], operand);
    iso_elements_print(out, name, a);
}

char *iso_elements(enum iso_pass pass, const struct iso_values *v)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        (void)iso_fail(ISO_ENOMEM, "out of memory");
        return NULL;
    }
    for (int g = 0; g < ISO_GROUPS; g++)
        for (int i = 0; i < ISO_OPERANDS; i++)
            if (iso_values_result(pass, v, (enum iso_group)g, i) && v->a[g][i].n > 0)
                print_result(out, g, i, &v->a[g][i]);
    (void)iso_text_end(out, &text);
    return text;
}

/* Returns the beginning of the word that has the byte at. */
static const char *word_of(const char *text, const char *at)
{
    while (at > text && at[-1] != ' ')
        at--;
    return at;
}

const char *iso_elements_part(const char *a, const char *b, char *buf, size_t n)
{
    size_t same = 0;
    char name[128];
    long long values, step;
    int head = 0;
    while (a[same] != '\0' && a[same] == b[same])
        same++;
    const char *word = word_of(a, a + same);
    if (sscanf(word, "%127[^:]:%lld:%lld:%n", name, &values, &step, &head) != 3 || head == 0 ||
        a + same < word + head || step <= 0) {
        snprintf(buf, n, "its shapes");
        return buf;
    }
    const long long first = (a + same - word - head) / DIGITS * step;
    const long long last = first + step < values ? first + step - 1 : values - 1;
    if (step == 1)
        snprintf(buf, n, "%s[%lld]", name, first);
    else
        snprintf(buf, n, "%s, between [%lld] and [%lld]", name, first, last);
    return buf;
}
