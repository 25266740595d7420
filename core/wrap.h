/* wrap.h: text for a terminal, in lines of at most ISO_LINE characters. */
#ifndef ISO_WRAP_H
#define ISO_WRAP_H
#include <stdio.h>

enum { ISO_LINE = 80 };
/* Prints `left` and then `text`, in lines that begin at column `indent` and are broken at blanks to
 * end before column ISO_LINE, unless a word is longer. A newline in text breaks a line, too. If
 * `left` reaches beyond `indent`, text begins on the next line. The last line is ended. */
void iso_wrap(FILE *out, const char *left, int indent, const char *text);
#endif
