/* lines.h: texts, line by line. */
#ifndef ISO_LINES_H
#define ISO_LINES_H
#include <stdbool.h>
#include <stddef.h>

/* Returns true if text has the line [line, n); false if text is NULL. */
bool iso_has_line(const char *text, const char *line, size_t n);
#endif
