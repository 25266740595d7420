/* wrap.h: text for people, in lines as long as the terminal has room for. */
#ifndef ISO_WRAP_H
#define ISO_WRAP_H
#include <stdio.h>

/* Characters of a line where no terminal says how many it shows. */
enum { ISO_LINE = 80 };
/* Returns the columns of the terminal that `out` writes to; ISO_LINE if it is not a terminal, or
 * one of fewer than 20 columns, which then does not tell its size. */
int iso_columns(FILE *out);
/* Prints `left` and then `text`, in lines that begin at column `indent` and are broken at blanks to
 * fit the terminal, or ISO_LINE + 20 characters if it is wider, unless a
 * word is longer. A newline in text breaks a line, too. If `left` reaches beyond `indent`, text
 * begins on the next line. The last line is ended. */
void iso_wrap(FILE *out, const char *left, int indent, const char *text);
#endif
