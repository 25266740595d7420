/* manual.h: the manual page isocl(1), from the commands' own tables. */
#ifndef ISO_MANUAL_H
#define ISO_MANUAL_H
/* Prints the page on standard output, for man and groff. */
void iso_manual_print(void);
#endif
