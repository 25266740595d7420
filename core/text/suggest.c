/* suggest.c: Damerau-Levenshtein distance (adjacent swaps count once) on names without case,
 * underscores and hyphens, so that Keras's class name MaxPooling2D finds max_pooling2d. */
#include "suggest.h"

#include <stdio.h>
#include <string.h>

enum { WORD = 40 }; /* longer words get no suggestion */

static int fold(const char *word, char out[WORD])
{
    int n = 0;
    for (; *word; word++) {
        char c = *word;
        if (c == '_' || c == '-')
            continue;
        if (n == WORD)
            return -1;
        out[n++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return n;
}

static int least(int a, int b) { return a < b ? a : b; }

/* Rows i-2, i-1 and i of the table of distances between prefixes are all it needs. */
static int distance(const char *a, int na, const char *b, int nb)
{
    int row[3][WORD + 1];
    for (int j = 0; j <= nb; j++)
        row[0][j] = j;
    for (int i = 1; i <= na; i++) {
        int *now = row[i % 3], *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= nb; j++) {
            now[j] =
                least(before[j - 1] + (a[i - 1] != b[j - 1]), least(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], earlier[j - 2] + 1);
        }
    }
    return row[na % 3][nb];
}

void iso_suggest_begin(struct iso_suggest *s, const char *word)
{
    s->word = word;
    s->best = NULL;
    s->distance = WORD;
}

void iso_suggest_try(struct iso_suggest *s, const char *name)
{
    char a[WORD], b[WORD];
    int na = fold(s->word, a), nb = fold(name, b);
    if (na < 1 || nb < 1)
        return;
    int limit = na <= 4 ? 1 : na <= 8 ? 2 : 3;
    int apart = na > nb ? na - nb : nb - na; /* no fewer edits than this */
    int d = apart > limit ? apart : distance(a, na, b, nb);
    /* The start of a longer name is near too: 'accur' is 'accuracy'. */
    if (d > limit && na >= 3 && na < nb && memcmp(a, b, (size_t)na) == 0)
        d = limit;
    if (d <= limit && d < s->distance) {
        s->best = name;
        s->distance = d;
    }
}

const char *iso_suggest_text(const struct iso_suggest *s, char *buf, size_t n)
{
    if (s->best != NULL)
        snprintf(buf, n, " (did you mean '%s'?)", s->best);
    else if (n > 0)
        buf[0] = '\0';
    return buf;
}
