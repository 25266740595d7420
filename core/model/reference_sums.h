/* reference_sums.h (private): the sums that ops make, as text and as a table in Markdown, from the
 * ops' descriptors. */
#ifndef ISO_REFERENCE_SUMS_H
#define ISO_REFERENCE_SUMS_H
#include <stdio.h>

void iso_sums_print(FILE *);
void iso_sums_markdown(FILE *);
#endif
