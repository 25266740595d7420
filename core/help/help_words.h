/* help_words.h (private): help on words that are neither a section nor an op: activations,
 * sources of data, keys. */
#ifndef ISO_HELP_WORDS_H
#define ISO_HELP_WORDS_H
#include <stdbool.h>
#include <stdio.h>

/* Prints the names of all activations, a line each with the formula, or of one of them also where
 * it may stand; i: its position in iso_activation_names. */
void iso_help_activations(FILE *);
void iso_help_activation(FILE *, int i);
/* Prints a source of data with the options that are its own. */
void iso_help_source(FILE *, const char *name, const char *doc);
/* Writes the word that stands for the source: "csv" of "csv:PATH", "builtin:digits" as it is.
 * Returns buf. */
const char *iso_help_source_word(const char *name, char *buf, size_t n);
/* Prints the key of this name with all the things that have it. Returns false if there is none.
 * visit, which may be NULL, is called for every key there is. */
bool iso_help_key(FILE *, const char *key, void (*visit)(void *self, const char *key), void *self);
#endif
