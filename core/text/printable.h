/* printable.h: text from outside (names in files, of devices, of classes; build logs) that may be
 * shown on a terminal without commanding it. */
#ifndef ISO_PRINTABLE_H
#define ISO_PRINTABLE_H
#include "core/iso.h"

#include <stdio.h>

/* Puts '?' in place of each control character (escape, tabulator, line break, those of C1), mark
 * that turns the direction of text, and byte that is not UTF-8; returns text. It never grows.
 * lines: leaves line feeds, for messages with several lines. */
char *iso_printable(char *text, bool lines);
/* Copies text into buf, truncated to n bytes, and makes it printable; returns buf. */
char *iso_shown(const char *text, char *buf, size_t n);
/* Returns the characters of a printable text. */
int iso_shown_width(const char *text);
/* Prints a text, made printable, and spaces up to `width` characters; a width that is negative puts
 * the spaces before it. */
void iso_print_cell(FILE *, const char *text, int width);
#endif
