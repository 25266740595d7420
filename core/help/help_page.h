/* help_page.h: describes everything that a model file can contain, from the descriptors that
 * also read it. */
#ifndef ISO_HELP_PAGE_H
#define ISO_HELP_PAGE_H
#include "core/iso.h"
#include <stdio.h>

/* Prints plain text about a topic: a section of the file (train), a group (layers, initializers,
 * ...), an op or an initializer; NULL: the list of topics. Fails with ISO_EUSAGE and a suggestion
 * for an unknown topic. */
iso_rc iso_help_print(FILE *out, const char *topic);
/* Calls visit with the name of every topic; a name may come twice. */
void iso_help_topics(void (*visit)(void *self, const char *topic), void *self);
/* Prints models/README.md: the whole reference, with the ops of each backend in this program. */
void iso_help_markdown(FILE *out);
#endif
