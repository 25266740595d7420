/* suggest.h: the known name nearest to a mistyped one, for "did you mean". */
#ifndef ISO_SUGGEST_H
#define ISO_SUGGEST_H
#include <stddef.h>

struct iso_suggest {
    const char *word, *best;
    int distance;
};
/* word and the names tried must stay valid until iso_suggest_text. */
void iso_suggest_begin(struct iso_suggest *, const char *word);
void iso_suggest_try(struct iso_suggest *, const char *name);
/* Writes " (did you mean 'filters'?)", or "" if no name is near, into buf and returns buf. */
const char *iso_suggest_text(const struct iso_suggest *, char *buf, size_t n);
#endif
