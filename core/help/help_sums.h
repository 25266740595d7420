/* help_sums.h (private): prints the sums that ops compute, as text and as a Markdown table,
 * from the ops' descriptors. */
#ifndef ISO_HELP_SUMS_H
#define ISO_HELP_SUMS_H
#include <stdio.h>

void iso_sums_print(FILE *);
void iso_sums_markdown(FILE *);
#endif
