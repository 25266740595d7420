/* reference_page.h: all that a model file can say, from the descriptors that also read it. */
#ifndef ISO_REFERENCE_PAGE_H
#define ISO_REFERENCE_PAGE_H
#include "core/iso.h"
#include <stdio.h>

/* Plain text about a topic: a section of the file (train), a topic of several (layers,
 * initializers, ...), an op or an initializer; NULL: the list of topics. Fails with ISO_EUSAGE and
 * a suggestion. */
iso_rc iso_help_print(FILE *out, const char *topic);
/* models/README.md: the whole reference, with the ops each backend of this program has. */
void iso_help_markdown(FILE *out);
#endif
