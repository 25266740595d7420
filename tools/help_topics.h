/* help_topics.h: every topic of `isocl help`: those of model files, the commands, those common to
 * commands, such as exit-codes, and messages. */
#ifndef ISO_HELP_TOPICS_H
#define ISO_HELP_TOPICS_H
#include "core/iso.h"

#include <stdio.h>

/* Prints a topic, or what a message means, of which the text is a part; NULL: the list of topics.
 * For an unknown topic fails with ISO_EUSAGE; the message suggests the nearest name. */
iso_rc iso_topic_print(FILE *, const char *topic);
/* Calls visit with the name of every topic. */
void iso_topics_each(void (*visit)(void *self, const char *topic), void *self);
#endif
