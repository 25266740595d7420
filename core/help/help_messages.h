/* help_messages.h (private): what messages mean, and what to do; messages.def has the list. */
#ifndef ISO_HELP_MESSAGES_H
#define ISO_HELP_MESSAGES_H
#include <stdbool.h>
#include <stdio.h>

enum { ISO_MESSAGE_PARTS = 24, ISO_MESSAGE_WORD = 5 };
struct iso_message_help {
    const char *topic;
    const char *parts[ISO_MESSAGE_PARTS + 1]; /* words that such messages have; ends with NULL */
    const char *meaning, *remedy;
};
extern const struct iso_message_help iso_message_helps[]; /* ends with one without a topic */

/* Returns the entry for the name of a topic, or for a message: one of whose parts is in the text,
 * or has the text in it, if that is of ISO_MESSAGE_WORD characters at least. Case does not count.
 * Returns NULL if there is none. */
const struct iso_message_help *iso_message_find(const char *text);
void iso_message_print(FILE *, const struct iso_message_help *);
/* Prints the names of all, as a paragraph. */
void iso_messages_print(FILE *);
#endif
